import { ApiError } from '../api-error.ts'
import { goFormat } from '../go-format.ts'
import { cloneJson, deepEqual, isJsonObject, type JsonObject } from '../json.ts'
import type { SchemaNode } from '../schema/schema-node.ts'
import { rejected } from './json-patch.ts'
import { patchFieldOf } from './patch-field.ts'

const directive = '$patch'
const retainKeysDirective = '$retainKeys'
const deleteFromListPrefix = '$deleteFromPrimitiveList'
const elementOrderPrefix = '$setElementOrder'

/**
 * A strategic merge patch, along the patch strategies and merge keys of `node`: structs and maps merge, lists merge by
 * key or as sets where their field says so and are replaced otherwise. Directives: `$patch`, `$retainKeys`,
 * `$deleteFromPrimitiveList/…`, `$setElementOrder/…`. Neither argument is changed; unpatched parts of the result are
 * shared with `object`.
 *
 * @throws ApiError 400 for malformed directives, 422 for lists of lists, 500 (as upstream) for elements without merge key
 */
export function applyStrategicMergePatch<T extends object>(object: T, patch: unknown, node: SchemaNode): T {
  if (!isJsonObject(patch)) {
    const kind = Array.isArray(patch) ? 'array' : typeof patch
    throw ApiError.badRequest(`json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`)
  }
  return mergeMap(object as JsonObject, cloneJson(patch), node) as T
}

/** Of a custom resource strategic merge patches are refused with 415; this is the error of a patch in a wrong format. */
function badFormat(of: string): ApiError {
  return ApiError.badRequest(`invalid patch format of ${of}`)
}

function failure(message: string): ApiError {
  return new ApiError('', message)
}

function noMergeKey(element: JsonObject, key: string): ApiError {
  return failure(`map: ${goFormat(element)} does not contain declared merge key: ${key}`)
}

/** `patch` belongs to this module (it is a copy) and is taken apart on the way. */
function mergeMap(original: JsonObject, patch: JsonObject, node: SchemaNode | undefined): JsonObject {
  if (Object.hasOwn(patch, directive)) {
    const what = patch[directive]
    if (what === 'replace') {
      delete patch[directive]
      return patch
    }
    if (what === 'delete') return {}
    throw failure(`unknown patch type: ${goFormat(what)} in map: ${goFormat(patch)}`)
  }
  const result = { ...original }
  retainKeys(result, patch)
  mergeOrderedLists(result, patch, node)

  for (const [patchKey, value] of Object.entries(patch)) {
    const isDeletion = patchKey.startsWith(deleteFromListPrefix)
    const key = isDeletion
      ? directiveTarget(patchKey, deleteFromListPrefix, badFormat('primitive list'))
      : patchKey
    if (value === null) {
      delete result[key]
      continue
    }
    const current = result[key]
    if (current === undefined || kindOf(current) !== kindOf(value)) {
      if (isDeletion) continue
      const kept = withoutDirectives(withoutNulls(value))
      if (kept === undefined) delete result[key]
      else result[key] = kept
    } else if (isJsonObject(current)) {
      const field = patchFieldOf(node, key)
      result[key] =
        field.strategy === 'replace'
          ? withoutNulls(value)
          : mergeMap(current, value as JsonObject, field.node)
    } else if (Array.isArray(current)) {
      const field = patchFieldOf(node, key)
      const list = value as unknown[]
      result[key] =
        field.strategy === 'merge' || isDeletion
          ? mergeList(current, list, field, isDeletion)
          : withoutNulls(list)
    } else result[key] = value
  }
  return result
}

/** `$retainKeys`: whatever it does not name goes; it must name what the patch sets. */
function retainKeys(result: JsonObject, patch: JsonObject): void {
  if (!Object.hasOwn(patch, retainKeysDirective)) return
  const list = patch[retainKeysDirective]
  delete patch[retainKeysDirective]
  if (!Array.isArray(list)) throw badFormat('retainKeys')
  const retained = new Set(list)
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith(deleteFromListPrefix) || key.startsWith(elementOrderPrefix)) continue
    if (!retained.has(key)) throw badFormat('retainKeys')
  }
  for (const key of Object.keys(result)) if (!retained.has(key)) delete result[key]
}

/** `$setElementOrder/<list>`: merges that list here and now, and brings it into the order asked for. */
function mergeOrderedLists(result: JsonObject, patch: JsonObject, node: SchemaNode | undefined): void {
  for (const patchKey of Object.keys(patch)) {
    if (!patchKey.startsWith(elementOrderPrefix)) continue
    const order = patch[patchKey]
    delete patch[patchKey]
    const key = directiveTarget(patchKey, elementOrderPrefix, badFormat('setElementOrder list'))
    if (!Array.isArray(order)) throw wrongType('[]interface {}', order)
    const current = result[key]
    const changes = patch[key]
    if (current !== undefined && !Array.isArray(current)) throw wrongType('[]interface {}', current)
    if (changes !== undefined && !Array.isArray(changes)) throw wrongType('[]interface {}', changes)
    const field = patchFieldOf(node, key)
    checkElementOrder(changes ?? [], order, field.mergeKey)
    if (!current && !changes) continue
    const merged =
      current && changes
        ? field.strategy === 'merge'
          ? mergeList(current, changes, field, false)
          : changes
        : (current ?? (withoutDirectives(changes) as unknown[]))
    result[key] = inOrder(merged, order, current ?? [], field.mergeKey)
    delete patch[key]
  }
}

/** What the patch sets must appear in `$setElementOrder`, in the same relative order. */
function checkElementOrder(changes: unknown[], order: unknown[], mergeKey: string | undefined): void {
  if (changes.length === 0 || order.length === 0) return
  const wanted = changes.filter((item) => !isJsonObject(item) || !Object.hasOwn(item, directive))
  let next = 0
  for (const item of order) {
    if (next >= wanted.length) return
    if (deepEqual(identity(wanted[next], mergeKey), identity(item, mergeKey))) next++
  }
  if (next < wanted.length) {
    throw failure(
      `The order in patch list:\n${goFormat(changes)}\n doesn't match ${elementOrderPrefix} list:\n${goFormat(order)}\n`,
    )
  }
}

function mergeList(
  original: unknown[],
  patch: unknown[],
  field: { node: SchemaNode | undefined; mergeKey: string | undefined },
  isDeletion: boolean,
): unknown[] {
  if (original.length === 0 && patch.length === 0) return original
  if (elementKind(original, patch) !== 'object') {
    if (isDeletion) return original.filter((item) => !patch.includes(item))
    return inOrder([...new Set([...original, ...patch])], patch, original, undefined)
  }
  const { mergeKey } = field
  if (!mergeKey) throw failure('cannot merge lists without merge key')

  let merged = original as JsonObject[]
  let additions: JsonObject[] = []
  let replace = false
  for (const item of patch as JsonObject[]) {
    switch (item[directive]) {
      case undefined:
        additions.push(item)
        break
      case 'delete':
        if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey)
        merged = merged.filter((element) => element[mergeKey] !== item[mergeKey])
        break
      case 'replace':
        replace = true
        break
      case 'merge':
        throw failure('merging lists cannot yet be specified in the patch')
      default:
        throw failure(`unknown patch type: ${goFormat(item[directive])} in map: ${goFormat(item)}`)
    }
  }
  if (replace) {
    merged = additions
    additions = []
  }

  const element = field.node?.kind === 'list' ? field.node.element : undefined
  const result = [...merged]
  for (const item of additions) {
    if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey)
    const at = result.findIndex((candidate) => candidate[mergeKey] === item[mergeKey])
    const found = result[at]
    if (found) result[at] = mergeMap(found, item, element)
    else result.push(item)
  }
  return inOrder(result, additions, merged, mergeKey)
}

/**
 * Elements named in `order` come in that order; another one stands before them only where it already did in `before`.
 */
function inOrder(
  list: unknown[],
  order: unknown[],
  before: unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const placeIn = (places: unknown[]): Map<unknown, number> => {
    const map = new Map<unknown, number>()
    for (const [index, item] of places.entries()) {
      const id = identity(item, mergeKey)
      if (!map.has(id)) map.set(id, index)
    }
    return map
  }
  const wanted = placeIn(order)
  const old = placeIn(before)
  const placeOf = (item: unknown, places: Map<unknown, number>): number =>
    places.get(identity(item, mergeKey)) ?? -1

  const ordered = list.filter((item) => placeOf(item, wanted) >= 0)
  const others = list.filter((item) => placeOf(item, wanted) < 0)
  ordered.sort((a, b) => placeOf(a, wanted) - placeOf(b, wanted))
  others.sort((a, b) => placeOf(a, old) - placeOf(b, old))

  const result: unknown[] = []
  let left = 0
  let right = 0
  while (left < ordered.length && right < others.length) {
    const orderedPlace = placeOf(ordered[left], old)
    const otherPlace = placeOf(others[right], old)
    const otherFirst = otherPlace >= 0 && orderedPlace >= 0 && otherPlace < orderedPlace
    result.push(otherFirst ? others[right++] : ordered[left++])
  }
  result.push(...ordered.slice(left), ...others.slice(right))
  return result
}

function identity(item: unknown, mergeKey: string | undefined): unknown {
  if (mergeKey === undefined) return item
  if (!isJsonObject(item)) throw wrongType('map[string]interface {}', item)
  if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey)
  return item[mergeKey]
}

function elementKind(...lists: unknown[][]): string {
  let kind: string | undefined
  for (const item of lists.flat()) {
    const found = kindOf(item)
    if (found === 'list') throw rejected('lists of lists are not supported')
    kind ??= found
    if (kind !== found) throw failure(`list element types are not identical: ${goFormat(lists)}`)
  }
  return kind ?? 'null'
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list'
  return value === null ? 'null' : typeof value
}

function directiveTarget(key: string, prefix: string, malformed: ApiError): string {
  if (!key.startsWith(`${prefix}/`)) throw malformed
  return key.slice(prefix.length + 1)
}

function wrongType(expected: string, actual: unknown): ApiError {
  const names: Record<string, string> = {
    list: '[]interface {}',
    object: 'map[string]interface {}',
    boolean: 'bool',
    number: 'int64',
    null: '%!s(<nil>)',
  }
  const kind = kindOf(actual)
  return failure(`expected a ${expected}, but received a ${names[kind] ?? kind}`)
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) for (const item of value) withoutNulls(item)
  else if (isJsonObject(value)) {
    for (const [key, field] of Object.entries(value)) {
      if (field === null) delete value[key]
      else withoutNulls(field)
    }
  }
  return value
}

/** A value that the original has nothing to merge with; parts that carry a directive are left out. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined)
  if (!isJsonObject(value)) return value
  if (Object.hasOwn(value, directive)) return undefined
  for (const [key, field] of Object.entries(value)) {
    const kept = withoutDirectives(field)
    if (kept === undefined) delete value[key]
    else value[key] = kept
  }
  return value
}
