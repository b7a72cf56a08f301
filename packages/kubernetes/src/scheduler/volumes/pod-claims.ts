import { claimClass, claimNameOf, isFullyBound } from '../../api/storage/claims.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts'
import { isControlledBy } from '../../client/owner-reference.ts'
import type { ClusterEvent } from '../queue/cluster-event.ts'
import type { VolumeCaches } from './volume-caches.ts'

/** A pod's claims by what has to happen with them. */
export interface PodClaims {
  readonly bound: PersistentVolumeClaim[]
  /** To be bound to a volume, or provisioned, for the node that is chosen. */
  readonly delayed: PersistentVolumeClaim[]
  /** Not bound, and nothing that the scheduler does can help. */
  readonly immediate: PersistentVolumeClaim[]
}

/** The claims of a pod, or, as a string, what is wrong with one of them. */
export function podClaims(pod: Pod, caches: VolumeCaches): PodClaims | string {
  const claims: PodClaims = { bound: [], delayed: [], immediate: [] }
  const namespace = pod.metadata.namespace ?? ''
  for (const volume of pod.spec?.volumes ?? []) {
    const named = claimNameOf(pod, volume)
    if (!named) continue
    const claim = caches.assumedClaims.get(namespace, named.name)
    const trouble = troubleWith(pod, named, claim)
    if (trouble !== undefined) return trouble
    if (!claim) continue
    if (isFullyBound(claim)) claims.bound.push(claim)
    else if (!claim.spec?.volumeName && isDelayed(claim, caches)) claims.delayed.push(claim)
    else claims.immediate.push(claim)
  }
  return claims
}

function troubleWith(
  pod: Pod,
  { name, ephemeral }: { name: string; ephemeral: boolean },
  claim: PersistentVolumeClaim | undefined,
): string | undefined {
  if (!claim) {
    return ephemeral
      ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
      : `persistentvolumeclaim "${name}" not found`
  }
  if (claim.status?.phase === 'Lost') {
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`
  }
  if (claim.metadata.deletionTimestamp) return `persistentvolumeclaim "${name}" is being deleted`
  if (ephemeral && !isControlledBy(claim, pod)) {
    const { namespace } = pod.metadata
    return `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`
  }
  return undefined
}

function isDelayed(claim: PersistentVolumeClaim, { classes }: VolumeCaches): boolean {
  return classes.get('', claimClass(claim))?.volumeBindingMode === 'WaitForFirstConsumer'
}

/** The event is about a claim of the pod. */
export function isOwnClaim(event: ClusterEvent, pod: Pod): boolean {
  if (event.kind !== 'PersistentVolumeClaim') return false
  const { namespace, name } = (event.current ?? event.old)?.metadata ?? {}
  if (!event.current || namespace !== pod.metadata.namespace) return false
  return (pod.spec?.volumes ?? []).some((volume) => claimNameOf(pod, volume)?.name === name)
}
