import { deepEqual } from '../../api/json.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'

/** Most updates of pods and nodes (readiness, heartbeats, images) are nothing that a pod could wait for. */
export function isRelevantPodChange(old: Pod, current: Pod): boolean {
  return (
    old.metadata.deletionTimestamp !== current.metadata.deletionTimestamp ||
    !deepEqual(old.metadata.labels, current.metadata.labels) ||
    !deepEqual(old.spec, current.spec) ||
    !deepEqual(resources(old), resources(current))
  )
}

export function isRelevantNodeChange(old: Node, current: Node): boolean {
  return (
    !deepEqual(old.metadata.labels, current.metadata.labels) ||
    !deepEqual(old.spec, current.spec) ||
    !deepEqual(old.status?.allocatable, current.status?.allocatable)
  )
}

/** What its containers are given at the moment. */
function resources({ status }: Pod): unknown {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  return containers.map(({ allocatedResources, resources }) => [allocatedResources, resources])
}
