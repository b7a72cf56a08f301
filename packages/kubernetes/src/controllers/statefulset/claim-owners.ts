import type { OwnerReference } from '../../api/kube-object.ts'
import type { StatefulSet } from '../../api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts'
import { controllerRef } from '../../client/owner-reference.ts'
import { isInRange, ordinalOf } from './identity.ts'

type Owner = StatefulSet | Pod

function kindOf(owner: Owner, set: StatefulSet): { apiVersion: string; kind: string } {
  return owner === set ? { apiVersion: 'apps/v1', kind: 'StatefulSet' } : { apiVersion: 'v1', kind: 'Pod' }
}

/** A reference to the owner by kind and name, whatever its uid. */
function refersTo(reference: OwnerReference, owner: Owner, set: StatefulSet): boolean {
  const { apiVersion, kind } = kindOf(owner, set)
  return (
    reference.apiVersion === apiVersion && reference.kind === kind && reference.name === owner.metadata.name
  )
}

function referencesOf({ metadata }: PersistentVolumeClaim): OwnerReference[] {
  return metadata.ownerReferences ?? []
}

/** The claim belongs to an earlier object of that name: the garbage collector has yet to deal with it. */
export function isStaleFor(claim: PersistentVolumeClaim, owner: Owner, set: StatefulSet): boolean {
  const reference = referencesOf(claim).find((each) => refersTo(each, owner, set))
  return reference !== undefined && reference.uid !== owner.metadata.uid
}

/** Who the retention policy says must own the claim, so that it goes with them. */
function wantedOwners(set: StatefulSet, pod: Pod): Owner[] {
  const { whenDeleted, whenScaled } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {}
  const scaledDown = !isInRange(set, ordinalOf(pod))
  if (whenScaled === 'Delete' && scaledDown) return [pod]
  return whenDeleted === 'Delete' ? [set] : []
}

/** Somebody else manages the claim: then the retention policy does not count. */
export function hasOtherController(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } =
    set.spec?.persistentVolumeClaimRetentionPolicy ?? {}
  if (whenDeleted === 'Retain' && whenScaled === 'Retain') return false
  return referencesOf(claim).some((reference) => {
    for (const owner of [set, pod]) {
      if (refersTo(reference, owner, set)) return reference.uid !== owner.metadata.uid
    }
    return reference.controller === true
  })
}

export function hasRightOwners(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  if (isStaleFor(claim, set, set) || isStaleFor(claim, pod, set)) return true
  const ours = referencesOf(claim).filter(({ uid }) => uid === set.metadata.uid || uid === pod.metadata.uid)
  if (hasOtherController(claim, set, pod)) return ours.length === 0
  const wanted = wantedOwners(set, pod)
  return (
    ours.every(({ controller }) => controller === true) &&
    ours.length === wanted.length &&
    wanted.every(({ metadata }) => ours.some(({ uid }) => uid === metadata.uid))
  )
}

export function withRightOwners(
  claim: PersistentVolumeClaim,
  set: StatefulSet,
  pod: Pod,
): PersistentVolumeClaim {
  const others = referencesOf(claim).filter(
    (reference) => !refersTo(reference, set, set) && !refersTo(reference, pod, set),
  )
  const wanted = hasOtherController(claim, set, pod) ? [] : wantedOwners(set, pod)
  const ownerReferences = [
    ...others,
    ...wanted.map((owner) => {
      const { apiVersion, kind } = kindOf(owner, set)
      return controllerRef(owner, apiVersion, kind)
    }),
  ]
  return { ...claim, metadata: { ...claim.metadata, ownerReferences } }
}
