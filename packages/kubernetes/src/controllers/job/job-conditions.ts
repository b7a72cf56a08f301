import { toTime } from '../../api/time.ts'
import type { Job, JobCondition } from '../../api/types/batch-v1.ts'
import { findCondition } from '../../client/conditions.ts'

export function newCondition(
  type: string,
  status: 'True' | 'False',
  reason: string,
  message: string,
  now: number,
): JobCondition {
  const time = toTime(now)
  return { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message }
}

export function conditionTrue({ status }: Job, type: string): JobCondition | undefined {
  const condition = findCondition(status?.conditions, type)
  return condition?.status === 'True' ? condition : undefined
}

/** Replaces the condition of its type where it says something else; one that is false is not added. */
export function ensureCondition(
  conditions: JobCondition[] = [],
  condition: JobCondition,
): { conditions: JobCondition[]; changed: boolean } {
  const before = findCondition(conditions, condition.type)
  const { status, reason, message } = condition
  if (before) {
    if (before.status === status && before.reason === reason && before.message === message) {
      return { conditions, changed: false }
    }
    return { conditions: conditions.map((each) => (each === before ? condition : each)), changed: true }
  }
  if (status === 'False') return { conditions, changed: false }
  return { conditions: [...conditions, condition], changed: true }
}
