import { quantityValue } from '../../api/quantity.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { podLimits } from '../pods/pod-limits.ts'
import type { PodStats } from '../stats/summary.ts'
import { bytes } from './eviction-message.ts'

const resource = 'ephemeral-storage'

/** Has anybody said how much the pod may write? */
export function hasStorageLimits({ spec }: NodePod): boolean {
  return (
    (spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit) ||
    spec.resources?.limits?.[resource] !== undefined ||
    spec.containers.some(({ resources }) => resources?.limits?.[resource])
  )
}

/** What a pod has written more of than it may, in upstream's words; undefined when it keeps to its limits. */
export function exceededStorage(pod: NodePod, stats: PodStats): string | undefined {
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    const limit = emptyDir?.sizeLimit ? quantityValue(emptyDir.sizeLimit) : 0
    const used = stats.volume?.find((volume) => volume.name === name)?.usedBytes ?? 0
    if (limit > 0 && used > limit) {
      return `Usage of EmptyDir volume ${JSON.stringify(name)} exceeds the limit ${JSON.stringify(emptyDir!.sizeLimit)}. `
    }
  }
  const whole = podLimits(pod).get(resource)
  if (whole !== undefined && (stats[resource]?.usedBytes ?? 0) > whole) {
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${bytes(whole)}. `
  }
  for (const { name, resources } of pod.spec.containers) {
    const limit = resources?.limits?.[resource]
    const one = stats.containers.find((container) => container.name === name)
    const used = (one?.rootfs?.usedBytes ?? 0) + (one?.logs?.usedBytes ?? 0)
    if (limit && quantityValue(limit) > 0 && used > quantityValue(limit)) {
      return `Container ${name} exceeded its local ephemeral storage limit ${JSON.stringify(limit)}. `
    }
  }
  return undefined
}
