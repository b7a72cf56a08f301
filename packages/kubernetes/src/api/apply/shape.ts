import { isJsonObject, type JsonObject } from '../json.ts'
import type { FieldNode, ListNode, SchemaNode } from '../schema/schema-node.ts'

/**
 * How server-side apply looks at a value of a node: a whole (`leaf`: scalars, atomic lists, maps and structs, explicit
 * null), something with fields, or a list whose elements have identities. Free-form values are maps of free-form values
 * with atomic lists; so are custom resources' unknown fields.
 */
export type Shape = 'leaf' | 'fields' | 'list'

export function shapeOf(node: SchemaNode, value: unknown): Shape {
  if (isJsonObject(value)) {
    if (node.kind === 'any') return 'fields'
    return (node.kind === 'struct' || node.kind === 'map') && !node.atomic ? 'fields' : 'leaf'
  }
  if (Array.isArray(value)) return node.kind === 'list' && node.type !== 'atomic' ? 'list' : 'leaf'
  return 'leaf'
}

const anything: SchemaNode = { kind: 'any' }

/** The node of a field or map entry. Fields that the schema does not know are free-form. */
export function childOf(node: SchemaNode, key: string): SchemaNode {
  if (node.kind === 'struct') return node.fields.get(key)?.node ?? anything
  return node.kind === 'map' ? node.value : anything
}

const emptyObject = Object.freeze({})

/**
 * What Go's encoding shows of a field that our objects leave out: structs that are no pointers are always there, fields
 * without `omitempty` show their zero value. Ownership depends on it: a field under a struct that was there before does
 * not bring the struct along.
 */
export function absentValue(field: FieldNode | undefined): unknown {
  if (!field) return undefined
  const { node } = field
  if (node.kind === 'struct') return field.pointer || field.omitZero ? undefined : emptyObject
  if (field.omitEmpty || field.omitZero) return undefined
  if (field.pointer || node.kind !== 'scalar') return null
  switch (node.type) {
    case 'boolean':
      return false
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0
    case 'quantity':
      return '0'
    case 'time':
    case 'microTime':
    case 'bytes':
      return null
    case 'duration':
      return '0s'
    default:
      return ''
  }
}

/** The path element of a list element: its keys, or itself in a set. Throws {@link ElementError}. */
export function elementOf(list: ListNode, item: unknown): string {
  if (list.type === 'set') {
    if (item === null)
      throw new ElementError("associative list without keys has an element that's an explicit null")
    if (Array.isArray(item)) throw new ElementError('not supported: associative list with lists as elements')
    if (isJsonObject(item))
      throw new ElementError("associative list without keys has an element that's a map type")
    return `v:${JSON.stringify(item)}`
  }
  if (item === null) throw new ElementError('associative list with keys may not have a null element')
  if (!isJsonObject(item)) throw new ElementError('associative list with keys may not have non-map elements')
  const keys: JsonObject = {}
  let found = false
  for (const key of sortedKeys(list)) {
    const value =
      item[key] ?? (list.element.kind === 'struct' ? list.element.fields.get(key)?.default : undefined)
    if (value === undefined || value === null) continue
    keys[key] = value
    found = true
  }
  if (!found && list.keys.length > 0) {
    throw new ElementError(
      `associative list with keys has an element that omits all key fields ["${list.keys.join('" "')}"] (and doesn't have default values for any key fields)`,
    )
  }
  return `k:${JSON.stringify(keys)}`
}

/** A list element that has no identity. */
export class ElementError extends Error {}

const sortedKeysOf = new WeakMap<ListNode, readonly string[]>()

function sortedKeys(list: ListNode): readonly string[] {
  if (list.keys.length < 2) return list.keys
  let keys = sortedKeysOf.get(list)
  if (!keys) {
    keys = [...list.keys].sort()
    sortedKeysOf.set(list, keys)
  }
  return keys
}

/**
 * A list's elements by path element, in order. Elements without identity are left out: live objects were validated, and
 * an applied one is by `typeErrors`.
 */
export function indexList(list: ListNode, items: readonly unknown[]): Map<string, unknown[]> {
  const index = new Map<string, unknown[]>()
  for (const item of items) {
    let element: string
    try {
      element = elementOf(list, item)
    } catch (error) {
      if (error instanceof ElementError) continue
      throw error
    }
    const same = index.get(element)
    if (same) same.push(item)
    else index.set(element, [item])
  }
  return index
}
