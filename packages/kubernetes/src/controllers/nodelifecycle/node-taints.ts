import type { Node, Taint } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'

const prefix = 'node.kubernetes.io/'
export const notReadyTaint = `${prefix}not-ready`
export const unreachableTaint = `${prefix}unreachable`
const unschedulableTaint = `${prefix}unschedulable`

/** Condition, its status, and the taint that goes with it. */
const conditionTaints: [type: string, status: string, key: string][] = [
  ['Ready', 'False', notReadyTaint],
  ['Ready', 'Unknown', unreachableTaint],
  ['MemoryPressure', 'True', `${prefix}memory-pressure`],
  ['DiskPressure', 'True', `${prefix}disk-pressure`],
  ['NetworkUnavailable', 'True', `${prefix}network-unavailable`],
  ['PIDPressure', 'True', `${prefix}pid-pressure`],
]
const ownKeys = new Set([...conditionTaints.map(([, , key]) => key), unschedulableTaint])
const evictingKeys = new Set([notReadyTaint, unreachableTaint])

/**
 * The taints that a node should have: those of its conditions and of `spec.unschedulable`, and all others as they are.
 * `evict` adds the NoExecute one of a node that is not ready. `spec.taints` itself comes back when nothing changes.
 */
export function nodeTaints({ spec, status }: Node, evict: boolean, now: string): Taint[] | undefined {
  const existing = spec?.taints ?? []
  const wanted: Taint[] = conditionTaints
    .filter(([type, is]) => findCondition(status?.conditions, type)?.status === is)
    .map(([, , key]) => ({ key, effect: 'NoSchedule' }))
  if (spec?.unschedulable) wanted.push({ key: unschedulableTaint, effect: 'NoSchedule' })
  const evicting = wanted.find(({ key }) => evictingKeys.has(key))
  if (evict && evicting) wanted.push({ key: evicting.key, effect: 'NoExecute' })
  const isOwn = ({ key, effect }: Taint): boolean =>
    (effect === 'NoSchedule' && ownKeys.has(key)) || (effect === 'NoExecute' && evictingKeys.has(key))
  const same = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect
  const kept = existing.filter((taint) => !isOwn(taint) || wanted.some((each) => same(each, taint)))
  const added = wanted.filter((taint) => !existing.some((each) => same(each, taint)))
  if (kept.length === existing.length && added.length === 0) return spec?.taints
  return [...kept, ...added.map((taint) => ({ ...taint, timeAdded: now }))]
}
