import type { Pod } from '../../api/types/core-v1.ts'
import { withCondition } from '../../client/conditions.ts'

/** The pod with the condition that tells its owner that it did not fail by itself. */
export function withDisruptionTarget(pod: Pod, reason: string, message: string, now: string): Pod {
  const condition = { type: 'DisruptionTarget', status: 'True', reason, message }
  return {
    ...pod,
    status: { ...pod.status, conditions: withCondition(pod.status?.conditions, condition, now) },
  }
}
