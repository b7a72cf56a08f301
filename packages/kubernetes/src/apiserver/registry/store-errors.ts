import { ApiError } from '../../api/api-error.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import { StoreConflict, StoreExpired, StoreFailure } from '../../store/store.ts'

export const modifiedMessage =
  'the object has been modified; please apply your changes to the latest version and try again'

/** What a client is told when the store refuses. Other errors come out as they are. */
export function wordStoreError(error: unknown, { group, resource }: ResourceInfo, name: string): unknown {
  if (error instanceof StoreConflict) {
    if (error.why === 'exists') return ApiError.alreadyExists(group, resource, name)
    if (error.why === 'missing') return ApiError.notFound(group, resource, name)
    return ApiError.conflict(group, resource, name, modifiedMessage)
  }
  if (error instanceof StoreExpired) return new ApiError('Expired', error.message)
  if (error instanceof StoreFailure) {
    return new ApiError('InternalError', `Internal error occurred: ${error.message}`, {
      causes: [{ message: error.message }],
    })
  }
  return error
}
