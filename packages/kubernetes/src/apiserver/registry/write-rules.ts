import { ApiError } from '../../api/api-error.ts'
import type { StoredKubeObject } from '../../api/kube-object.ts'
import { StoreConflict } from '../../store/store.ts'
import type { Target } from './registry.ts'
import type { ServedResource } from './served-resource.ts'
import { modifiedMessage, wordStoreError } from './store-errors.ts'

/**
 * Optimistic locking: the version that the writer has seen must be the stored one; where writers may say none, it is
 * filled in. @throws ApiError Conflict, Invalid
 */
export function checkVersion(
  { resource, name, subresource }: Target,
  next: StoredKubeObject,
  old: StoredKubeObject,
): void {
  const { info, strategy } = resource
  const { resourceVersion } = next.metadata
  const given = resourceVersion === undefined || resourceVersion === '' ? 0 : Number(resourceVersion)
  if (given === Number(old.metadata.resourceVersion)) return
  if (given === 0) {
    if (strategy.allowUnconditionalUpdate || subresource) {
      next.metadata.resourceVersion = old.metadata.resourceVersion!
      return
    }
    throw ApiError.invalid(info.group, info.resource, name, [
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: must be specified for an update',
        field: 'metadata.resourceVersion',
      },
    ])
  }
  if (Number.isNaN(given)) {
    throw ApiError.invalid(info.group, info.resource, name, [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(resourceVersion)}: strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`,
        field: 'metadata.resourceVersion',
      },
    ])
  }
  throw ApiError.conflict(info.group, info.resource, name, modifiedMessage)
}

/** What no update of any kind may change. */
export function keepSystemFields(next: StoredKubeObject, old: StoredKubeObject): void {
  const { metadata } = next
  const before = old.metadata
  if (before.generation === undefined) delete metadata.generation
  else metadata.generation = before.generation
  metadata.uid ||= before.uid!
  if (before.creationTimestamp) metadata.creationTimestamp = before.creationTimestamp
  if (before.deletionTimestamp) metadata.deletionTimestamp = before.deletionTimestamp
  if (before.deletionGracePeriodSeconds !== undefined) {
    metadata.deletionGracePeriodSeconds ??= before.deletionGracePeriodSeconds
  }
}

/** What a create is told whose name is taken. Other errors are worded as the store's. */
export function existsError(
  error: unknown,
  resource: ServedResource,
  generateName: string | undefined,
  name: string,
): unknown {
  const { info } = resource
  if (!(error instanceof StoreConflict)) return wordStoreError(error, info, name)
  const exists = ApiError.alreadyExists(info.group, info.resource, name)
  const qualified = info.group ? `${info.resource}.${info.group}` : info.resource
  const message = generateName
    ? `${qualified} "${name}" already exists, the server was not able to generate a unique name for the object`
    : exists.message
  const ending = error.current?.metadata.deletionTimestamp ? 'object is being deleted: ' : ''
  return new ApiError('AlreadyExists', ending + message, {
    ...exists.details,
    ...(generateName && { retryAfterSeconds: 1 }),
  })
}

export function uidMismatch(key: string, wanted: string, found: string | undefined): string {
  return `StorageError: invalid object, Code: 4, Key: /registry/${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${found ?? ''}`
}
