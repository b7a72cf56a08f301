import { ApiError } from '../api-error.ts'
import { cloneJson, isJsonObject, type JsonObject } from '../json.ts'

/**
 * RFC 7386: objects merge, null deletes, everything else replaces. Neither argument is changed; unpatched parts of the
 * result are shared with `object`.
 *
 * @throws ApiError 400 when the patch is no object
 */
export function applyMergePatch<T extends object>(object: T, patch: unknown): T {
  if (!isJsonObject(patch)) throw ApiError.badRequest('Invalid JSON Patch')
  return merge(object as JsonObject, patch) as T
}

function merge(target: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...target }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else if (!isJsonObject(value)) result[key] = cloneJson(value)
    else {
      const current = result[key]
      result[key] = merge(isJsonObject(current) ? current : {}, value)
    }
  }
  return result
}
