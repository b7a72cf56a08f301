import { type LabelMatcher, labelMatcher } from '../label-selector.ts'
import { quantityValue } from '../quantity.ts'
import { nodeSelectorMatcher } from '../scheduling/node-affinity.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../types/core-v1.ts'
import { claimClass, isVolumeOfClaim, volumeClass } from './claims.ts'

export interface MatchOptions {
  /** Only volumes that can be used there. */
  node?: Node
  /** Names of volumes that are spoken for. */
  taken?: ReadonlySet<string>
  /** The claim waits for its first consumer: without a node, only a volume that is reserved for it will do. */
  delayed?: boolean
}

/**
 * The volume that a claim should get: one that is reserved for it, or else the smallest available one that is big
 * enough and agrees in class, mode, access and labels.
 */
export function matchVolume(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
  { node, taken, delayed }: MatchOptions = {},
): PersistentVolume | undefined {
  const wanted = quantityValue(claim.spec?.resources?.requests?.storage)
  const matchesLabels: LabelMatcher = claim.spec?.selector ? labelMatcher(claim.spec.selector) : () => true
  let best: PersistentVolume | undefined
  let bestSize = Number.POSITIVE_INFINITY
  for (const volume of volumes) {
    const { spec, metadata } = volume
    if (!spec || metadata.deletionTimestamp || taken?.has(metadata.name ?? '')) continue
    const size = quantityValue(spec.capacity?.storage)
    if (spec.claimRef && !isVolumeOfClaim(volume, claim)) continue
    if (size < wanted || !sameKind(claim, volume)) continue
    const usable = !node || isUsableOn(volume, node)
    if (isVolumeOfClaim(volume, claim)) return usable ? volume : undefined
    if (!usable || (!node && delayed)) continue
    if (volume.status?.phase !== 'Available' || volumeClass(volume) !== claimClass(claim)) continue
    if (!matchesLabels(metadata.labels) || !offersAccess(claim, volume) || size >= bestSize) continue
    best = volume
    bestSize = size
  }
  return best
}

/** The node passes the volume's node affinity. */
export function isUsableOn({ spec }: PersistentVolume, node: Node): boolean {
  const required = spec?.nodeAffinity?.required
  return !required || nodeSelectorMatcher(required)(node)
}

function sameKind({ spec: claim }: PersistentVolumeClaim, { spec: volume }: PersistentVolume): boolean {
  return (
    (claim?.volumeMode ?? 'Filesystem') === (volume?.volumeMode ?? 'Filesystem') &&
    (claim?.volumeAttributesClassName ?? '') === (volume?.volumeAttributesClassName ?? '')
  )
}

function offersAccess({ spec: claim }: PersistentVolumeClaim, { spec: volume }: PersistentVolume): boolean {
  return (claim?.accessModes ?? []).every((mode) => volume?.accessModes?.includes(mode))
}
