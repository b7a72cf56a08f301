import { labelMatcher } from '../../api/label-selector.ts'
import { quantityValue } from '../../api/quantity.ts'
import { claimClass, selectedNodeAnnotation } from '../../api/storage/claims.ts'
import { isUsableOn, matchVolume } from '../../api/storage/match-volume.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import type { CSIStorageCapacity, StorageClass } from '../../api/types/storage-v1.ts'
import type { PodClaims } from './pod-claims.ts'
import type { VolumeCaches } from './volume-caches.ts'

/** How a pod's delayed claims get their volumes when it goes to a certain node. */
export interface VolumePlan {
  readonly bindings: readonly { claim: PersistentVolumeClaim; volume: PersistentVolume }[]
  readonly provisions: readonly PersistentVolumeClaim[]
}

const noMatch = "node(s) didn't find available persistent volumes to bind"
const wrongNode = "node(s) didn't match PersistentVolume's node affinity"
const noSpace = 'node(s) did not have enough free storage'
const noVolume = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'
/** A class of this provisioner never makes volumes. */
const noProvisioner = 'kubernetes.io/no-provisioner'

/** The plan for one node, or the reasons why there is none. */
export function findVolumes(claims: PodClaims, node: Node, caches: VolumeCaches): VolumePlan | string[] {
  const reasons: string[] = []
  const trouble = boundTrouble(claims.bound, node, caches)
  if (trouble) reasons.push(trouble)
  const plan = planDelayed(claims.delayed, node, caches)
  if (typeof plan === 'string') reasons.push(plan)
  // The order in which upstream lists them; only the messages are ever seen.
  return typeof plan === 'string' || reasons.length > 0 ? reasons : plan
}

function boundTrouble(
  claims: readonly PersistentVolumeClaim[],
  node: Node,
  { assumedVolumes }: VolumeCaches,
): string | undefined {
  for (const claim of claims) {
    const volume = assumedVolumes.get('', claim.spec?.volumeName ?? '')
    if (!volume) return noVolume
    if (!isUsableOn(volume, node)) return wrongNode
  }
  return undefined
}

function planDelayed(
  claims: readonly PersistentVolumeClaim[],
  node: Node,
  caches: VolumeCaches,
): VolumePlan | string {
  const bindings: { claim: PersistentVolumeClaim; volume: PersistentVolume }[] = []
  const provisions: PersistentVolumeClaim[] = []
  const taken = new Set<string>()
  const selectedNode = (claim: PersistentVolumeClaim) => claim.metadata.annotations?.[selectedNodeAnnotation]
  for (const claim of claims.toSorted((a, b) => sizeOf(a) - sizeOf(b))) {
    const selected = selectedNode(claim)
    if (selected !== undefined) {
      if (selected !== node.metadata.name) return noMatch
      provisions.push(claim)
      continue
    }
    const volume = matchVolume(claim, caches.assumedVolumes.list(), { node, taken, delayed: true })
    if (volume) {
      taken.add(volume.metadata.name ?? '')
      bindings.push({ claim, volume })
    } else {
      provisions.push(claim)
    }
  }
  for (const claim of provisions) {
    const trouble = provisionTrouble(claim, node, caches)
    if (trouble) return trouble
  }
  return { bindings, provisions }
}

function provisionTrouble(
  claim: PersistentVolumeClaim,
  node: Node,
  caches: VolumeCaches,
): string | undefined {
  const storageClass = caches.classes.get('', claimClass(claim))
  if (!storageClass?.provisioner || storageClass.provisioner === noProvisioner) return noMatch
  if (!isAllowedTopology(storageClass, node)) return noMatch
  return hasCapacity(claim, storageClass, node, caches) ? undefined : noSpace
}

function isAllowedTopology({ allowedTopologies }: StorageClass, node: Node): boolean {
  if (!allowedTopologies?.length) return true
  return allowedTopologies.some((term) =>
    (term.matchLabelExpressions ?? []).every(({ key, values }) =>
      values.includes(node.metadata.labels?.[key] ?? ''),
    ),
  )
}

/** For drivers that say how much space they have where. */
function hasCapacity(
  claim: PersistentVolumeClaim,
  { provisioner, metadata }: StorageClass,
  node: Node,
  { csiDrivers, capacities }: VolumeCaches,
): boolean {
  if (claim.spec?.resources?.requests?.storage === undefined) return true
  if (!csiDrivers.get('', provisioner)?.spec?.storageCapacity) return true
  return capacities.list().some((capacity) => {
    const limit = capacityLimit(capacity)
    if (capacity.storageClassName !== metadata.name || limit === undefined || limit < sizeOf(claim))
      return false
    return labelMatcher(capacity.nodeTopology)(node.metadata.labels)
  })
}

/** The largest volume that can be made, in bytes. */
export function capacityLimit({ maximumVolumeSize, capacity }: CSIStorageCapacity): number | undefined {
  const limit = maximumVolumeSize ?? capacity
  return limit === undefined ? undefined : quantityValue(limit)
}

function sizeOf(claim: PersistentVolumeClaim): number {
  return quantityValue(claim.spec?.resources?.requests?.storage)
}
