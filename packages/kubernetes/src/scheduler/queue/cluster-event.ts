import type {
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
} from '../../api/types/core-v1.ts'
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
} from '../../api/types/storage-v1.ts'

/** Something happened that a waiting pod may have waited for. `old` is absent when it is new, `current` when it is gone. */
interface Change<Kind extends string, T> {
  readonly kind: Kind
  readonly current?: T
  readonly old?: T
}

export type ClusterEvent =
  /** A pod that runs on a node. */
  | Change<'AssignedPod', Pod>
  /** A pod that waits itself; `old` and `current` are its two versions. */
  | Change<'PendingPod', Pod>
  | Change<'Node', Node>
  | Change<'Namespace', Namespace>
  | Change<'PersistentVolume', PersistentVolume>
  | Change<'PersistentVolumeClaim', PersistentVolumeClaim>
  | Change<'StorageClass', StorageClass>
  | Change<'CSINode', CSINode>
  | Change<'CSIDriver', CSIDriver>
  | Change<'CSIStorageCapacity', CSIStorageCapacity>
  | Change<'VolumeAttachment', VolumeAttachment>

/** A node appeared, or changed from a state that did not do to one that does. */
export function nodeNowSatisfies(event: ClusterEvent, satisfies: (node: Node) => boolean): boolean {
  if (event.kind !== 'Node' || !event.current) return false
  return satisfies(event.current) && !(event.old && satisfies(event.old))
}

/** This very pod was changed. */
export function isOwnUpdate(event: ClusterEvent, pod: Pod): boolean {
  return event.kind === 'PendingPod' && event.current?.metadata.uid === pod.metadata.uid
}

/** Computes something of an event once, however many pods ask. */
export function oncePerEvent<T>(compute: (event: ClusterEvent) => T): (event: ClusterEvent) => T {
  const known = new WeakMap<ClusterEvent, { value: T }>()
  return (event) => {
    const cached = known.get(event) ?? { value: compute(event) }
    known.set(event, cached)
    return cached.value
  }
}
