import type { JsonObject } from '../json.ts'

/** Sets a key that a client chose: `__proto__` is one like any other. */
export function setOwn(object: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
  else object[key] = value
}
