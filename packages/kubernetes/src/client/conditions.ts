/** What all kinds of conditions share; times are RFC 3339. */
export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string | null
}

export function findCondition<T extends { type: string }>(
  conditions: T[] | undefined,
  type: string,
): T | undefined {
  return conditions?.find((condition) => condition.type === type)
}

export function isConditionTrue(
  conditions: { type: string; status: string }[] | undefined,
  type: string,
): boolean {
  return findCondition(conditions, type)?.status === 'True'
}

/**
 * The list with `condition` in the place of the one of its type, or at the end. `lastTransitionTime` stays when the
 * status does, and is `now` otherwise. The same list comes back when nothing changes.
 */
export function withCondition<T extends Condition>(
  conditions: T[] | undefined,
  condition: T,
  now: string,
): T[] {
  const before = findCondition(conditions, condition.type)
  if (
    before &&
    before.status === condition.status &&
    before.reason === condition.reason &&
    before.message === condition.message
  ) {
    return conditions ?? []
  }
  const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : now
  const next = { ...condition, lastTransitionTime }
  return before
    ? (conditions ?? []).map((other) => (other === before ? next : other))
    : [...(conditions ?? []), next]
}
