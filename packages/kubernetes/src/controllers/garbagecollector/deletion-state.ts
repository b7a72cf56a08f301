import type { ObjectMeta } from '../../api/kube-object.ts'

export const orphanFinalizer = 'orphan'
export const foregroundFinalizer = 'foregroundDeletion'

/** It goes when its blocking dependents have gone. */
export function isDeletingDependents(metadata: ObjectMeta): boolean {
  return isDeletingWith(metadata, foregroundFinalizer)
}

/** It goes when its dependents have been told that they have no owner. */
export function isOrphaningDependents(metadata: ObjectMeta): boolean {
  return isDeletingWith(metadata, orphanFinalizer)
}

function isDeletingWith({ deletionTimestamp, finalizers }: ObjectMeta, finalizer: string): boolean {
  return deletionTimestamp !== undefined && finalizers?.includes(finalizer) === true
}

export function blocks(metadata: ObjectMeta, ownerUid: string): boolean {
  return (
    metadata.ownerReferences?.some(
      ({ uid, blockOwnerDeletion }) => uid === ownerUid && blockOwnerDeletion === true,
    ) === true
  )
}
