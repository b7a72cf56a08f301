/**
 * Drops fields that are undefined, 0, false, '' or an empty list: Go's `omitempty`, so that a status reads as upstream's.
 * Put fields that are always there (or are pointers in Go) beside the call.
 */
export function omitEmpty<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value && !(Array.isArray(value) && value.length === 0)),
  ) as Partial<T>
}
