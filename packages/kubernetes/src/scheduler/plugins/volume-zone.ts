import { deepEqual } from '../../api/json.ts'
import { claimClass } from '../../api/storage/claims.ts'
import type { Node, PersistentVolume, Pod } from '../../api/types/core-v1.ts'
import type { ClusterEvent } from '../queue/cluster-event.ts'
import { isOwnClaim } from '../volumes/pod-claims.ts'
import type { VolumeCaches } from '../volumes/volume-caches.ts'
import type { Plugin } from './plugin.ts'

const name = 'VolumeZone'
/** Label of volumes and of old nodes → today's label of nodes. */
const topologyLabels = new Map([
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
  ['topology.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['topology.kubernetes.io/region', 'topology.kubernetes.io/region'],
])

/** A volume that is labelled with zones is used there. */
export function volumeZone(caches: VolumeCaches): Plugin {
  return {
    name,
    prepare({ pod }) {
      const topologies = volumeTopologies(pod, caches)
      if (typeof topologies === 'string') return { plugin: name, reasons: [topologies], resolvable: false }
      if (topologies.length === 0) return undefined
      return {
        filter({ node }) {
          if (topologies.every((topology) => isIn(node, topology))) return undefined
          return { plugin: name, reasons: ['node(s) had no available volume zone'], resolvable: false }
        },
      }
    },
    helps,
  }
}

interface VolumeTopology {
  label: string
  values: string[]
}

function volumeTopologies(pod: Pod, { claims, volumes, classes }: VolumeCaches): VolumeTopology[] | string {
  const topologies: VolumeTopology[] = []
  for (const { persistentVolumeClaim } of pod.spec?.volumes ?? []) {
    if (!persistentVolumeClaim) continue
    const claim = claims.get(pod.metadata.namespace ?? '', persistentVolumeClaim.claimName)
    if (!claim) return `persistentvolumeclaim "${persistentVolumeClaim.claimName}" not found`
    const volumeName = claim.spec?.volumeName
    if (volumeName) {
      const volume = volumes.get('', volumeName)
      if (!volume) return `persistentvolume "${volumeName}" not found`
      topologies.push(...topologiesOf(volume))
      continue
    }
    const className = claimClass(claim)
    if (!className) return 'PersistentVolumeClaim had no pv name and storageClass name'
    const storageClass = classes.get('', className)
    if (!storageClass) return `storageclass.storage.k8s.io "${className}" not found`
    if (storageClass.volumeBindingMode !== 'WaitForFirstConsumer') return 'PersistentVolume had no name'
  }
  return topologies
}

function topologiesOf({ metadata }: PersistentVolume): VolumeTopology[] {
  return [...topologyLabels.keys()].flatMap((label) => {
    const value = metadata.labels?.[label]
    // A volume in several zones lists them.
    return value === undefined ? [] : [{ label, values: value.split('__').map((zone) => zone.trim()) }]
  })
}

function isIn({ metadata: { labels = {} } }: Node, { label, values }: VolumeTopology): boolean {
  if (![...topologyLabels.keys()].some((key) => labels[key] !== undefined)) return true
  const value = labels[label] ?? labels[topologyLabels.get(label) ?? label]
  return value !== undefined && values.includes(value)
}

function helps(event: ClusterEvent, { pod }: { pod: Pod }): boolean {
  switch (event.kind) {
    case 'PersistentVolumeClaim':
      return isOwnClaim(event, pod)
    case 'PersistentVolume':
      return (
        event.current !== undefined &&
        (!event.old || !deepEqual(topologiesOf(event.old), topologiesOf(event.current)))
      )
    case 'StorageClass':
      return !event.old && event.current?.volumeBindingMode === 'WaitForFirstConsumer'
    case 'Node':
      return (
        event.current !== undefined &&
        (!event.old || !deepEqual(event.old.metadata.labels, event.current.metadata.labels))
      )
    default:
      return false
  }
}
