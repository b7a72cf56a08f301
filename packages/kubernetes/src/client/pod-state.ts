import type { ObjectMeta } from '../api/kube-object.ts'
import { parseTime } from '../api/time.ts'
import { findCondition, isConditionTrue } from './conditions.ts'

/** As much of a Pod as these questions need. */
interface PodLike {
  metadata: ObjectMeta
  spec?: { nodeName?: string; terminationGracePeriodSeconds?: number }
  status?: {
    phase?: string
    conditions?: { type: string; status: string; lastTransitionTime?: string | null }[]
  }
}

/** Its `Ready` condition is true. */
export function isPodReady(pod: PodLike): boolean {
  return isConditionTrue(pod.status?.conditions, 'Ready')
}

/** Ended for good: Succeeded or Failed. */
export function isPodTerminal(pod: PodLike): boolean {
  const phase = pod.status?.phase
  return phase === 'Succeeded' || phase === 'Failed'
}

export function isPodTerminating(pod: PodLike): boolean {
  return pod.metadata.deletionTimestamp !== undefined
}

/** Neither ended nor on its way out: what a controller counts. */
export function isPodActive(pod: PodLike): boolean {
  return !isPodTerminal(pod) && !isPodTerminating(pod)
}

/** Milliseconds until a pod counts as available: 0 when it does, `undefined` when it is not ready. */
export function untilAvailable(pod: PodLike, minReadySeconds: number, now: number): number | undefined {
  if (!isPodReady(pod)) return undefined
  if (minReadySeconds === 0) return 0
  const since = parseTime(findCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime)
  if (since === undefined) return undefined
  return Math.max(0, since + minReadySeconds * 1000 - now)
}

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: PodLike, minReadySeconds: number, now: number): boolean {
  return untilAvailable(pod, minReadySeconds, now) === 0
}
