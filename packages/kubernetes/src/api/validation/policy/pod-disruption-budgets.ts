import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '../../types/policy-v1.ts'
import { validateConditions } from '../conditions.ts'
import type { Field } from '../field.ts'
import { validateAtMost100Percent, validateIntOrPercent } from '../int-or-percent.ts'
import { hasInvalidLabelValue, validateLabelSelector } from '../labels.ts'
import { nonNegative, oneOfIfSet } from '../rules.ts'
import type { Validator } from '../validator.ts'

function validateSpec(spec: PodDisruptionBudgetSpec, field: Field, old?: PodDisruptionBudgetSpec): void {
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined)
    field.invalid(spec, 'minAvailable and maxUnavailable cannot be both set')
  for (const name of ['minAvailable', 'maxUnavailable'] as const) {
    if (spec[name] === undefined) continue
    validateIntOrPercent(spec[name], field.at(name))
    validateAtMost100Percent(spec[name], field.at(name))
  }
  const options = { allowInvalidValues: hasInvalidLabelValue(old?.selector) }
  validateLabelSelector(spec.selector, field.at('selector'), options)
  oneOfIfSet(
    spec.unhealthyPodEvictionPolicy,
    ['AlwaysAllow', 'IfHealthyBudget'],
    field.at('unhealthyPodEvictionPolicy'),
  )
}

export const podDisruptionBudgets: Validator<PodDisruptionBudget> = {
  create: ({ spec = {} }, field) => validateSpec(spec, field.at('spec')),
  update(next, old, subresource, field) {
    if (subresource !== 'status') {
      validateSpec(next.spec ?? {}, field.at('spec'), old.spec)
      return
    }
    const at = field.at('status')
    validateConditions(next.status?.conditions, at.at('conditions'))
    for (const name of ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const)
      nonNegative(next.status?.[name], at.at(name))
  },
}
