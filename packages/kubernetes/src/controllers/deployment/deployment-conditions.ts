import { toTime } from '../../api/time.ts'
import type { DeploymentCondition, DeploymentStatus } from '../../api/types/apps-v1.ts'
import { findCondition } from '../../client/conditions.ts'

export function newCondition(
  type: string,
  status: string,
  reason: string,
  message: string,
  now: number,
): DeploymentCondition {
  const time = toTime(now)
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message }
}

/** Nothing happens when status and reason are the same already: `lastUpdateTime` then tells since when. */
export function setCondition(status: DeploymentStatus, condition: DeploymentCondition): void {
  const before = findCondition(status.conditions, condition.type)
  if (before?.status === condition.status && before.reason === condition.reason) return
  const kept =
    before?.status === condition.status
      ? { ...condition, lastTransitionTime: before.lastTransitionTime }
      : condition
  removeCondition(status, condition.type)
  status.conditions = [...(status.conditions ?? []), kept]
}

export function removeCondition(status: DeploymentStatus, type: string): void {
  const rest = (status.conditions ?? []).filter((condition) => condition.type !== type)
  if (rest.length > 0) status.conditions = rest
  else delete status.conditions
}
