import { podRequests } from '../../api/scheduling/pod-resources.ts'
import type { NodePod } from '../pods/node-pod.ts'
import type { PodStats } from '../stats/summary.ts'
import { type Signal, signals } from './thresholds.ts'

/**
 * Pods in the order in which they are to go: those that use more than they asked for, then the less important, then the
 * larger ones (upstream's rankMemoryPressure, rankDiskPressure, rankPIDPressure).
 */
export function rankPods(
  pods: readonly NodePod[],
  statsOf: (pod: NodePod) => PodStats | undefined,
  signal: Signal,
): NodePod[] {
  const { resource } = signals[signal]
  const ranked = pods.map((pod) => {
    const stats = statsOf(pod)
    const used = stats && usageOf(stats, resource)
    const over = (used ?? 0) - (resource === 'pids' ? 0 : requestOf(pod, resource))
    return { pod, unknown: used === undefined, over, priority: pod.spec.priority ?? 0 }
  })
  ranked.sort(
    (a, b) =>
      Number(b.unknown) - Number(a.unknown) ||
      (resource === 'pids' ? 0 : Number(b.over > 0) - Number(a.over > 0)) ||
      a.priority - b.priority ||
      b.over - a.over,
  )
  return ranked.map(({ pod }) => pod)
}

type Resource = (typeof signals)[Signal]['resource']

function usageOf(stats: PodStats, resource: Resource): number | undefined {
  if (resource === 'memory') return stats.memory?.workingSetBytes
  if (resource === 'pids') return stats.process_stats?.process_count
  const storage = stats['ephemeral-storage']
  return resource === 'inodes' ? storage?.inodesUsed : storage?.usedBytes
}

/** Nobody can ask for inodes. */
function requestOf(pod: NodePod, resource: Resource): number {
  return resource === 'inodes' ? 0 : (podRequests(pod).get(resource) ?? 0)
}
