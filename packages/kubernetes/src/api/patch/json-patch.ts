import { ApiError } from '../api-error.ts'
import { cloneJson, deepEqual, isJsonObject, type JsonObject } from '../json.ts'

/** More operations than this in one patch are refused (413). */
const maxOperations = 10_000

/** One operation of RFC 6902. `from` belongs to `move` and `copy`, `value` to `add`, `replace` and `test`. */
export interface JsonPatchOperation {
  op: string
  path: string
  from?: string
  value?: unknown
}

/**
 * RFC 6902 as the API server does it (evanphx/json-patch 4): negative list indices count from the end, `replace` of an
 * absent object key sets it, `test` takes an absent value for null. Neither argument is changed.
 *
 * @throws ApiError 400 when `operations` is no patch, 413 when it is too long, 422 when an operation does not apply; why
 * it does not is the error's only cause.
 */
export function applyJsonPatch<T extends object>(object: T, operations: unknown): T {
  if (!Array.isArray(operations) || !operations.every(isJsonObject)) {
    throw ApiError.badRequest(
      `json: cannot unmarshal ${jsonKind(operations)} into Go value of type jsonpatch.Patch`,
    )
  }
  if (operations.length > maxOperations) {
    throw new ApiError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${operations.length}`,
    )
  }
  const root = { doc: cloneJson(object) as unknown }
  try {
    for (const operation of operations) apply(root, operation)
  } catch (error) {
    if (error instanceof PatchError) throw rejected(error.message)
    throw error
  }
  return root.doc as T
}

/** The 422 of a patch that cannot be applied. Upstream answers without the cause, which helps nobody. */
export function rejected(why: string): ApiError {
  return new ApiError('Invalid', 'the server rejected our request due to an error in our request', {
    causes: [{ reason: 'FieldValueInvalid', message: why, field: 'patch' }],
  })
}

class PatchError extends Error {}

const missing = 'missing value'

type Container = JsonObject | unknown[]

function apply(root: { doc: unknown }, operation: JsonObject): void {
  const kind = typeof operation.op === 'string' ? operation.op : 'unknown'
  switch (kind) {
    case 'add': {
      const path = pathOf(operation, 'add')
      const [container, key] = find(root.doc, path)
      if (!container) throw absent(`add operation does not apply: doc is missing path: "${path}"`)
      located(`error in add for path: '${path}'`, () => addTo(container, key, cloneJson(operation.value)))
      return
    }
    case 'remove': {
      const path = pathOf(operation, 'remove')
      const [container, key] = find(root.doc, path)
      if (!container) throw absent(`remove operation does not apply: doc is missing path: "${path}"`)
      located(`error in remove for path: '${path}'`, () => removeFrom(container, key))
      return
    }
    case 'replace': {
      const path = pathOf(operation, 'replace')
      if (path === '') {
        if (typeof operation.value !== 'object' || operation.value === null)
          throw new PatchError('replace operation value must be object or array')
        root.doc = cloneJson(operation.value)
        return
      }
      const [container, key] = find(root.doc, path)
      if (!container) throw absent(`replace operation does not apply: doc is missing path: ${path}`)
      if (Array.isArray(container)) {
        try {
          container[indexOf(container, key)] = cloneJson(operation.value)
        } catch {
          throw absent(`replace operation does not apply: doc is missing key: ${path}`)
        }
      } else set(container, key, cloneJson(operation.value))
      return
    }
    case 'move': {
      const from = fromOf(operation, 'move')
      const [source, sourceKey] = find(root.doc, from)
      if (!source) throw absent(`move operation does not apply: doc is missing from path: ${from}`)
      const where = `error in move for path: '${sourceKey}'`
      const value = located(where, () => getFrom(source, sourceKey))
      located(where, () => removeFrom(source, sourceKey))
      const path = pathOf(operation, 'move')
      const [target, key] = find(root.doc, path)
      if (!target) throw absent(`move operation does not apply: doc is missing destination path: ${path}`)
      located(`error in move for path: '${path}'`, () => addTo(target, key, value))
      return
    }
    case 'copy': {
      const from = fromOf(operation, 'copy')
      const [source, sourceKey] = find(root.doc, from)
      if (!source) throw absent(`copy operation does not apply: doc is missing from path: ${from}`)
      const value = located(`error in copy for from: '${from}'`, () => getFrom(source, sourceKey))
      const path = pathOf(operation, 'copy')
      const [target, key] = find(root.doc, path)
      if (!target) throw absent(`copy operation does not apply: doc is missing destination path: ${path}`)
      located('error while adding value during copy', () => addTo(target, key, cloneJson(value)))
      return
    }
    case 'test': {
      const path = pathOf(operation, 'test')
      let value = root.doc
      if (path !== '') {
        const [container, key] = find(root.doc, path)
        if (!container) throw absent(`test operation does not apply: is missing path: ${path}`)
        value = located(`error in test for path: '${path}'`, () => getFrom(container, key))
      }
      if (!deepEqual(value ?? null, operation.value ?? null))
        throw new PatchError(`testing value ${path} failed: test failed`)
      return
    }
    default:
      throw new PatchError(`Unexpected kind: ${kind}`)
  }
}

/** The container that a JSON pointer's last step is taken in, and that step; nothing when the way there is missing. */
function find(doc: unknown, pointer: string): [Container | undefined, string] {
  const steps = pointer.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (steps.length < 2) return [undefined, '']
  let here = doc
  for (const step of steps.slice(1, -1)) {
    if (!isContainer(here)) return [undefined, '']
    try {
      here = getFrom(here, step)
    } catch {
      return [undefined, '']
    }
  }
  return [isContainer(here) ? here : undefined, steps[steps.length - 1] ?? '']
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

function getFrom(container: Container, key: string): unknown {
  if (Array.isArray(container)) return container[indexOf(container, key)]
  return Object.hasOwn(container, key) ? container[key] : undefined
}

function addTo(container: Container, key: string, value: unknown): void {
  if (!Array.isArray(container)) set(container, key, value)
  else if (key === '-') container.push(value)
  else {
    const index = parseIndex(key, `value was not a proper array index: '${key}': `)
    const slots = container.length + 1
    if (index >= slots || index < -slots) throw invalidIndex(index)
    container.splice(index < 0 ? index + slots : index, 0, value)
  }
}

function removeFrom(container: Container, key: string): void {
  if (Array.isArray(container)) container.splice(indexOf(container, key), 1)
  else if (Object.hasOwn(container, key)) delete container[key]
  else throw absent(`Unable to remove nonexistent key: ${key}`)
}

function set(container: JsonObject, key: string, value: unknown): void {
  // `__proto__` must become an ordinary key.
  Object.defineProperty(container, key, {
    value: value === undefined ? null : value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

function indexOf(list: unknown[], key: string): number {
  const index = parseIndex(key, '')
  if (index >= list.length || index < -list.length) throw invalidIndex(index)
  return index < 0 ? index + list.length : index
}

function parseIndex(key: string, prefix: string): number {
  if (!/^[+-]?\d+$/.test(key))
    throw new PatchError(`${prefix}strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`)
  return Number(key)
}

function invalidIndex(index: number): PatchError {
  return new PatchError(`Unable to access invalid index: ${index}: invalid index referenced`)
}

function absent(message: string): PatchError {
  return new PatchError(`${message}: ${missing}`)
}

function located<T>(where: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (error instanceof PatchError) throw new PatchError(`${where}: ${error.message}`)
    throw error
  }
}

function pathOf(operation: JsonObject, kind: string): string {
  if (typeof operation.path === 'string') return operation.path
  throw absent(`${kind} operation failed to decode path`)
}

function fromOf(operation: JsonObject, kind: string): string {
  if (typeof operation.from === 'string') return operation.from
  throw absent(`${kind} operation failed to decode from: operation, missing from field`)
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return jsonKind(value.find((item) => !isJsonObject(item)))
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}
