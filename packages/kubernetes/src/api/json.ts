/** A JSON object whose fields are looked at by name; what `isJsonObject` narrows to. */
export type JsonObject = { [key: string]: unknown }

/** True for objects, false for null, lists and scalars. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Equality of JSON values; a field that is `undefined` counts as absent. Shared parts cost nothing. */
export function deepEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false
    for (let index = 0; index < left.length; index++) {
      if (!deepEqual(left[index], right[index])) return false
    }
    return true
  }
  const a = left as JsonObject
  const b = right as JsonObject
  let fields = 0
  for (const key in a) {
    if (a[key] === undefined) continue
    fields++
    if (b[key] === undefined || !deepEqual(a[key], b[key])) return false
  }
  for (const key in b) if (b[key] !== undefined) fields--
  return fields === 0
}

/** A deep copy of a JSON value; several times faster than `structuredClone`. Drops `undefined` fields. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(cloneJson) as T
  const copy: JsonObject = {}
  for (const key in value) {
    const field = (value as JsonObject)[key]
    if (field !== undefined) copy[key] = cloneJson(field)
  }
  return copy as T
}
