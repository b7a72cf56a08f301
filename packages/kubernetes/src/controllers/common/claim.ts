import { isReason } from '../../api/api-error.ts'
import type { GroupVersionResource, ObjectMeta } from '../../api/kube-object.ts'
import type { Client } from '../../client/client.ts'
import { controllerOf, controllerRef } from '../../client/owner-reference.ts'
import { settleAll } from './errors.ts'

export interface ClaimOptions<T> {
  client: Client
  /** Of the objects to claim. */
  resource: GroupVersionResource
  /** Who claims. */
  owner: { metadata: ObjectMeta }
  ownerResource: GroupVersionResource
  ownerApiVersion: string
  ownerKind: string
  matches(object: T): boolean
  /** Go with the reference: added on adoption, removed on release. */
  finalizers?: string[]
}

/**
 * Those of `objects` that belong to `owner`: owned and matching ones, and orphans that match, which are adopted. Owned
 * ones that match no longer are released. An owner that is being deleted neither adopts nor releases.
 */
export async function claim<T extends { metadata: ObjectMeta }>(
  objects: T[],
  options: ClaimOptions<T>,
): Promise<T[]> {
  const { client, resource, owner, ownerApiVersion, ownerKind, matches, finalizers = [] } = options
  const claimed: T[] = []
  let ownerChecked: Promise<void> | undefined

  async function patch(object: T, body: object): Promise<boolean> {
    try {
      const { namespace, name = '', uid } = object.metadata
      const metadata = { uid, ...body }
      await client.patch(resource, namespace, name, 'strategic', { metadata })
      return true
    } catch (error) {
      if (isReason(error, 'NotFound')) return false
      throw error
    }
  }

  async function adopt(object: T): Promise<void> {
    // The cache may be late: an owner that is being deleted, or was replaced, must adopt nothing.
    ownerChecked ??= checkOwner(options)
    await ownerChecked
    const reference = controllerRef(owner, ownerApiVersion, ownerKind)
    if (await patch(object, { ownerReferences: [reference], ...(finalizers.length > 0 && { finalizers }) })) {
      claimed.push(object)
    }
  }

  async function release(object: T): Promise<void> {
    try {
      await patch(object, {
        ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }],
        ...(finalizers.length > 0 && { '$deleteFromPrimitiveList/finalizers': finalizers }),
      })
    } catch (error) {
      // It has no owners left to remove, or another uid: someone else's by now.
      if (!isReason(error, 'Invalid')) throw error
    }
  }

  const deleting = owner.metadata.deletionTimestamp !== undefined
  const writes: Promise<void>[] = []
  for (const object of objects) {
    const reference = controllerOf(object)
    if (reference) {
      if (reference.uid !== owner.metadata.uid) continue
      if (matches(object)) claimed.push(object)
      else if (!deleting) writes.push(release(object))
    } else if (!deleting && !object.metadata.deletionTimestamp && matches(object)) {
      writes.push(adopt(object))
    }
  }
  await settleAll(writes)
  return claimed
}

async function checkOwner<T>({ client, owner, ownerResource }: ClaimOptions<T>): Promise<void> {
  const { namespace, name = '', uid } = owner.metadata
  const fresh = await client.get<{ metadata: ObjectMeta }>(ownerResource, namespace, name)
  if (fresh.metadata.uid !== uid)
    throw new Error(`${namespace}/${name} has been replaced by another of its name`)
  if (fresh.metadata.deletionTimestamp) {
    throw new Error(`${namespace}/${name} has just been deleted at ${fresh.metadata.deletionTimestamp}`)
  }
}
