import { deepEqual } from '../../api/json.ts'
import type { Client } from '../../client/client.ts'
import type { PodInfo } from '../cluster/pod-info.ts'
import type { ClusterEvent } from '../queue/cluster-event.ts'
import { reserveVolumes } from '../volumes/bind-volumes.ts'
import { capacityLimit, findVolumes, type VolumePlan } from '../volumes/find-volumes.ts'
import { isOwnClaim, podClaims } from '../volumes/pod-claims.ts'
import type { VolumeCaches } from '../volumes/volume-caches.ts'
import type { Filter, Plugin, Rejection } from './plugin.ts'

const name = 'VolumeBinding'

export interface VolumeBindingOptions {
  caches: VolumeCaches
  client: Client
}

/**
 * A pod goes where its volumes are. Claims of a class that waits for the first consumer get their volume, or the order to
 * have one made, for the node that is chosen; the pod is bound after they are.
 */
export function volumeBinding({ caches, client }: VolumeBindingOptions): Plugin {
  return {
    name,
    prepare: (pod) => prepare(pod, caches, client),
    helps,
  }
}

function prepare({ pod }: PodInfo, caches: VolumeCaches, client: Client): Rejection | Filter | undefined {
  const claims = podClaims(pod, caches)
  if (typeof claims === 'string') return rejected([claims])
  if (claims.immediate.length > 0) return rejected(['pod has unbound immediate PersistentVolumeClaims'])
  if (claims.bound.length + claims.delayed.length === 0) return undefined
  const plans = new Map<string, VolumePlan>()
  return {
    filter(node) {
      const plan = findVolumes(claims, node.node, caches)
      if (Array.isArray(plan)) return rejected(plan)
      plans.set(node.name, plan)
      return undefined
    },
    reserve(node) {
      const plan = plans.get(node.name)
      if (!plan || plan.bindings.length + plan.provisions.length === 0) return undefined
      return reserveVolumes(node.node, plan, caches, client)
    },
  }
}

function rejected(reasons: string[]): Rejection {
  return { plugin: name, reasons, resolvable: false }
}

function helps(event: ClusterEvent, { pod }: PodInfo): boolean {
  const { current, old } = event
  switch (event.kind) {
    case 'PersistentVolumeClaim':
      return isOwnClaim(event, pod)
    case 'PersistentVolume':
    case 'CSINode':
      return current !== undefined
    case 'Node':
      return current !== undefined && (!old || !deepEqual(old.metadata.labels, current.metadata.labels))
    case 'StorageClass':
      return (
        event.current !== undefined &&
        (!event.old || !deepEqual(event.old.allowedTopologies, event.current.allowedTopologies))
      )
    case 'CSIDriver':
      return Boolean(event.old?.spec?.storageCapacity) && !event.current?.spec?.storageCapacity
    case 'CSIStorageCapacity': {
      const limit = event.current && capacityLimit(event.current)
      const before = event.old && capacityLimit(event.old)
      return limit !== undefined && (before === undefined || limit > before)
    }
    default:
      return false
  }
}
