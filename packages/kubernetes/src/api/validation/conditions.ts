import type { Condition } from '../types/meta-v1.ts'
import type { Field } from './field.ts'
import { isConditionReason, isQualifiedName } from './formats.ts'
import { Unique } from './rules.ts'

const longestReason = 1024
const longestMessage = 32 * 1024

/** Conditions in `meta/v1`'s form. */
export function validateConditions(conditions: Condition[] | undefined, field: Field): void {
  const types = new Unique()
  for (const [index, condition] of (conditions ?? []).entries()) {
    const { type = '', status, reason, message = '', observedGeneration = 0 } = condition
    const at = field.index(index)
    types.add(type, at.at('type'))
    at.at('type').check(type, isQualifiedName(type))
    const statuses = ['False', 'True', 'Unknown']
    if (!statuses.includes(status)) at.at('status').notSupported(status ?? '', statuses)
    if (observedGeneration < 0)
      at.at('observedGeneration').invalid(observedGeneration, 'must be greater than or equal to zero')
    if (!condition.lastTransitionTime) at.at('lastTransitionTime').required()
    if (reason) {
      at.at('reason').check(reason, isConditionReason(reason))
      if (reason.length > longestReason) at.at('reason').tooLong(longestReason)
    } else {
      at.at('reason').required()
    }
    if (Buffer.byteLength(message) > longestMessage) at.at('message').tooLong(longestMessage)
  }
}
