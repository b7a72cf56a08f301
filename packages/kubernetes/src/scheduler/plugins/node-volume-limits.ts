import { claimClass, claimNameOf } from '../../api/storage/claims.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { NodeInfo } from '../cluster/node-info.ts'
import type { PodInfo } from '../cluster/pod-info.ts'
import type { ClusterEvent } from '../queue/cluster-event.ts'
import { isOwnClaim } from '../volumes/pod-claims.ts'
import type { VolumeCaches } from '../volumes/volume-caches.ts'
import type { Plugin } from './plugin.ts'

const name = 'NodeVolumeLimits'

/** A CSI driver may limit how many of its volumes a node can use at once. */
export function nodeVolumeLimits(caches: VolumeCaches): Plugin {
  return {
    name,
    prepare({ pod }) {
      const wanted = csiVolumes(pod, caches)
      if (wanted.size === 0) return undefined
      return {
        filter: (node) =>
          exceeds(node, wanted, caches)
            ? { plugin: name, reasons: ['node(s) exceed max volume count'], resolvable: true }
            : undefined,
      }
    },
    helps,
  }
}

function exceeds(node: NodeInfo, wanted: ReadonlyMap<string, string>, caches: VolumeCaches): boolean {
  const limits = new Map<string, number>()
  for (const { name: driver, allocatable } of caches.csiNodes.get('', node.name)?.spec?.drivers ?? []) {
    if (allocatable?.count !== undefined) limits.set(driver, allocatable.count)
  }
  if (limits.size === 0) return false
  const used = new Map<string, string>()
  for (const { pod } of node.pods)
    for (const [volume, driver] of csiVolumes(pod, caches)) used.set(volume, driver)
  for (const [volume, driver] of wanted) used.set(volume, driver)
  const counts = new Map<string, number>()
  for (const driver of used.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1)
  const wantedDrivers = new Set(wanted.values())
  return [...counts].some(
    ([driver, count]) =>
      wantedDrivers.has(driver) && count > (limits.get(driver) ?? Number.POSITIVE_INFINITY),
  )
}

/** Distinct CSI volumes of a pod → their drivers. What is not made yet is named by its claim. */
function csiVolumes(pod: Pod, { claims, volumes, classes }: VolumeCaches): Map<string, string> {
  const found = new Map<string, string>()
  const namespace = pod.metadata.namespace ?? ''
  for (const volume of pod.spec?.volumes ?? []) {
    const claimName = claimNameOf(pod, volume)?.name
    const claim = claimName === undefined ? undefined : claims.get(namespace, claimName)
    if (!claim) continue
    const csi = volumes.get('', claim.spec?.volumeName ?? '')?.spec?.csi
    if (csi) found.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver)
    else if (!claim.spec?.volumeName) {
      const driver = classes.get('', claimClass(claim))?.provisioner
      if (driver) found.set(`${driver}/${namespace}/${claimName}`, driver)
    }
  }
  return found
}

function helps(event: ClusterEvent, { pod }: PodInfo): boolean {
  if (event.kind === 'CSINode') return event.current !== undefined
  if (event.kind === 'PersistentVolumeClaim') return isOwnClaim(event, pod)
  if (event.kind === 'VolumeAttachment') return event.current === undefined
  return event.kind === 'AssignedPod' && event.current === undefined
}
