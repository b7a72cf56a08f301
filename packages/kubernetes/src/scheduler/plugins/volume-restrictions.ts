import type { Pod, Volume } from '../../api/types/core-v1.ts'
import type { NodeInfo } from '../cluster/node-info.ts'
import type { PodInfo } from '../cluster/pod-info.ts'
import type { ClusterEvent } from '../queue/cluster-event.ts'
import { isOwnClaim } from '../volumes/pod-claims.ts'
import type { VolumeCaches } from '../volumes/volume-caches.ts'
import type { Filter, Plugin, Rejection } from './plugin.ts'

const name = 'VolumeRestrictions'
const diskConflict: Rejection = { plugin: name, reasons: ['node(s) had no available disk'], resolvable: true }
const claimConflict: Rejection = {
  plugin: name,
  reasons: [
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
  ],
  resolvable: true,
}

export interface VolumeRestrictionsOptions {
  caches: VolumeCaches
  nodes: () => readonly NodeInfo[]
}

/** A disk that only one pod can write to, on a node or (ReadWriteOncePod) anywhere. */
export function volumeRestrictions({ caches, nodes }: VolumeRestrictionsOptions): Plugin {
  return {
    name,
    prepare(pod) {
      const disks = (pod.pod.spec?.volumes ?? []).filter(isDisk)
      const exclusive = exclusiveClaims(pod.pod, caches)
      if (typeof exclusive === 'string') return { plugin: name, reasons: [exclusive], resolvable: false }
      if (disks.length === 0 && exclusive.size === 0) return undefined
      return restrict(pod, disks, exclusive, nodes())
    },
    helps,
  }
}

function restrict(
  pod: PodInfo,
  disks: readonly Volume[],
  exclusive: ReadonlySet<string>,
  nodes: readonly NodeInfo[],
): Filter {
  const uses = (other: PodInfo) =>
    other.namespace === pod.namespace
      ? claimNames(other.pod).filter((claim) => exclusive.has(claim)).length
      : 0
  let conflicts = 0
  if (exclusive.size > 0) {
    for (const node of nodes) for (const other of node.pods) conflicts += uses(other)
  }
  return {
    filter(node) {
      if (disks.length > 0 && [...node.pods].some((other) => disksConflict(disks, other.pod)))
        return diskConflict
      return conflicts > 0 ? claimConflict : undefined
    },
    podAdded: (other) => {
      conflicts += uses(other)
    },
    podRemoved: (other) => {
      conflicts -= uses(other)
    },
  }
}

/** Names of the pod's claims that only one pod may use, or what is wrong. */
function exclusiveClaims(pod: Pod, { claims }: VolumeCaches): Set<string> | string {
  const names = new Set<string>()
  for (const claimName of claimNames(pod)) {
    const claim = claims.get(pod.metadata.namespace ?? '', claimName)
    if (!claim) return `persistentvolumeclaim "${claimName}" not found`
    if (claim.spec?.accessModes?.includes('ReadWriteOncePod')) names.add(claimName)
  }
  return names
}

function claimNames(pod: Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? [])
}

function isDisk({ gcePersistentDisk, awsElasticBlockStore, rbd, iscsi }: Volume): boolean {
  return Boolean(gcePersistentDisk ?? awsElasticBlockStore ?? rbd ?? iscsi)
}

function disksConflict(disks: readonly Volume[], other: Pod): boolean {
  return disks.some((disk) => (other.spec?.volumes ?? []).some((existing) => diskConflicts(disk, existing)))
}

function diskConflicts(left: Volume, right: Volume): boolean {
  const [gce, otherGce] = [left.gcePersistentDisk, right.gcePersistentDisk]
  if (gce && otherGce?.pdName === gce.pdName) return !(gce.readOnly && otherGce.readOnly)
  const [aws, otherAws] = [left.awsElasticBlockStore, right.awsElasticBlockStore]
  if (aws && otherAws?.volumeID === aws.volumeID) return true
  const [iscsi, otherIscsi] = [left.iscsi, right.iscsi]
  if (iscsi && otherIscsi?.iqn === iscsi.iqn) return !(iscsi.readOnly && otherIscsi.readOnly)
  const [rbd, otherRbd] = [left.rbd, right.rbd]
  if (!rbd || !otherRbd || rbd.image !== otherRbd.image) return false
  const samePool = (rbd.pool ?? 'rbd') === (otherRbd.pool ?? 'rbd')
  const sameMonitor = rbd.monitors.some((monitor) => otherRbd.monitors.includes(monitor))
  return samePool && sameMonitor && !(rbd.readOnly && otherRbd.readOnly)
}

function helps(event: ClusterEvent, { pod }: PodInfo): boolean {
  if (event.kind === 'Node') return event.current !== undefined && event.old === undefined
  if (event.kind === 'PersistentVolumeClaim') return event.old === undefined && isOwnClaim(event, pod)
  if (event.kind !== 'AssignedPod' || event.current || !event.old) return false
  const gone = event.old
  if (gone.metadata.namespace !== pod.metadata.namespace) return false
  const freed = claimNames(gone)
  return (
    claimNames(pod).some((claim) => freed.includes(claim)) ||
    disksConflict((pod.spec?.volumes ?? []).filter(isDisk), gone)
  )
}
