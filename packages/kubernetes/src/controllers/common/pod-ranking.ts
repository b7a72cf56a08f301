import { parseTime } from '../../api/time.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { isPodReady } from '../../client/pod-state.ts'

const deletionCost = 'controller.kubernetes.io/pod-deletion-cost'
const phases: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 }

export interface RankOptions {
  /** How many related pods share the pod's node: of two, the more crowded one goes first. */
  crowding?(pod: Pod): number
  /** Ages are compared by their order of magnitude when given, exactly else. Milliseconds since the epoch. */
  now?: number
}

/** A new array, the pods that are to be deleted first in front. */
export function rankForDeletion(pods: Pod[], { crowding = () => 0, now }: RankOptions = {}): Pod[] {
  return [...pods].sort((a, b) => {
    const assigned = Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName))
    if (assigned !== 0) return assigned
    const phase = (phases[a.status?.phase ?? ''] ?? 0) - (phases[b.status?.phase ?? ''] ?? 0)
    if (phase !== 0) return phase
    const ready = Number(isPodReady(a)) - Number(isPodReady(b))
    if (ready !== 0) return ready
    const cost = costOf(a) - costOf(b)
    if (cost !== 0) return cost
    const crowd = crowding(b) - crowding(a)
    if (crowd !== 0) return crowd
    if (isPodReady(a)) {
      const youth = compareYouth(a, b, readySince, now)
      if (youth !== 0) return youth
    }
    const restarts = compareRestarts(a, b)
    if (restarts !== 0) return restarts
    return compareYouth(a, b, (pod) => parseTime(pod.metadata.creationTimestamp), now)
  })
}

function costOf(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCost]
  return text !== undefined && /^-?(0|[1-9]\d*)$/.test(text) ? Number(text) : 0
}

function readySince(pod: Pod): number | undefined {
  return parseTime(findCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime)
}

/** Younger first; one without a time counts as the youngest. */
function compareYouth(
  a: Pod,
  b: Pod,
  timeOf: (pod: Pod) => number | undefined,
  now: number | undefined,
): number {
  const first = timeOf(a)
  const second = timeOf(b)
  if (first === second) return 0
  if (first === undefined) return -1
  if (second === undefined) return 1
  if (now === undefined) return second - first
  const rank = magnitude(now - first) - magnitude(now - second)
  if (rank !== 0) return rank
  // Of the same order of age: any fixed order will do, so that age alone does not decide.
  return (a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1
}

function magnitude(ageMs: number): number {
  return ageMs <= 0 ? -1 : Math.floor(Math.log2(ageMs * 1e6))
}

/** More restarts first: those of ordinary containers decide, then those of sidecars. */
function compareRestarts(a: Pod, b: Pod): number {
  const most = (statuses: { restartCount: number }[] = []): number =>
    statuses.reduce((max, { restartCount }) => Math.max(max, restartCount), 0)
  const sidecars = (pod: Pod) => {
    const always = new Set(
      pod.spec?.initContainers?.filter((c) => c.restartPolicy === 'Always').map(({ name }) => name),
    )
    return pod.status?.initContainerStatuses?.filter(({ name }) => always.has(name))
  }
  const regular = most(b.status?.containerStatuses) - most(a.status?.containerStatuses)
  return regular !== 0 ? regular : most(sidecars(b)) - most(sidecars(a))
}
