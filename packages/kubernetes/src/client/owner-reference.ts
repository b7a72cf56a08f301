import type { ObjectMeta, OwnerReference } from '../api/kube-object.ts'

interface Owned {
  metadata?: ObjectMeta
}

/** The reference to the one owner that manages the object. */
export function controllerOf(object: Owned): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller === true)
}

export function isControlledBy(object: Owned, owner: Owned): boolean {
  const uid = controllerOf(object)?.uid
  return uid !== undefined && uid === owner.metadata?.uid
}

/** The reference that a controller puts into what it makes. */
export function controllerRef(owner: Owned, apiVersion: string, kind: string): OwnerReference {
  const { name = '', uid = '' } = owner.metadata ?? {}
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
}
