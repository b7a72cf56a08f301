import { deepEqual } from '../../json.ts'
import type { DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy } from '../../types/apps-v1.ts'
import { validatePodTemplate } from '../core/pod-spec.ts'
import type { Field } from '../field.ts'
import { validateImmutable } from '../immutable.ts'
import { numberOf, validateAtMost100Percent, validateIntOrPercent } from '../int-or-percent.ts'
import { hasInvalidLabelValue, isEmptySelector, validateLabelSelector } from '../labels.ts'
import { nonNegative } from '../rules.ts'
import type { Validator } from '../validator.ts'
import {
  isUsableSelector,
  validateCollisionCount,
  validateLongRunning,
  validateTemplateLabels,
} from './pod-controllers.ts'

/** Where the count of template changes is kept, which is a field of its own inside of upstream's server. */
const generationAnnotation = 'deprecated.daemonset.template.generation'

function templateGeneration({ metadata }: DaemonSet): number {
  return Number(metadata.annotations?.[generationAnnotation] ?? 0)
}

function validateUpdateStrategy(strategy: DaemonSetUpdateStrategy = {}, field: Field): void {
  const { type, rollingUpdate } = strategy
  if (type === 'OnDelete') return
  if (type !== 'RollingUpdate') {
    field.notSupported(strategy, ['RollingUpdate', 'OnDelete'])
    return
  }
  const at = field.at('rollingUpdate')
  if (!rollingUpdate) {
    at.required()
    return
  }
  const { maxUnavailable, maxSurge } = rollingUpdate
  validateIntOrPercent(maxUnavailable, at.at('maxUnavailable'))
  validateIntOrPercent(maxSurge, at.at('maxSurge'))
  validateAtMost100Percent(maxUnavailable, at.at('maxUnavailable'))
  validateAtMost100Percent(maxSurge, at.at('maxSurge'))
  if (numberOf(maxUnavailable) !== 0 && numberOf(maxSurge) !== 0)
    at.at('maxSurge').invalid(maxSurge, 'may not be set when maxUnavailable is non-zero')
  else if (numberOf(maxUnavailable) === 0 && numberOf(maxSurge) === 0)
    at.at('maxUnavailable').required('cannot be 0 when maxSurge is 0')
}

function validateSpec(object: DaemonSet, field: Field, old?: DaemonSetSpec): void {
  const spec: Partial<DaemonSetSpec> = object.spec ?? {}
  const { selector, template } = spec
  const options = { allowInvalidValues: hasInvalidLabelValue(old?.selector) }
  validateLabelSelector(selector, field.at('selector'), options)
  const at = field.at('template')
  if (isUsableSelector(selector, options)) validateTemplateLabels(selector, template, at)
  if (selector && isEmptySelector(selector))
    field.at('selector').invalid(selector, 'empty selector is invalid for daemonset')
  validatePodTemplate(template ?? {}, at, old?.template)
  validateLongRunning(template, 'DaemonSet', at)
  nonNegative(spec.minReadySeconds, field.at('minReadySeconds'))
  nonNegative(templateGeneration(object), field.at('templateGeneration'))
  validateUpdateStrategy(spec.updateStrategy, field.at('updateStrategy'))
  nonNegative(spec.revisionHistoryLimit, field.at('revisionHistoryLimit'))
}

function validateTemplateGeneration(next: DaemonSet, old: DaemonSet, field: Field): void {
  const now = templateGeneration(next)
  const before = templateGeneration(old)
  const changed = !deepEqual(next.spec?.template, old.spec?.template)
  if (now < before) field.invalid(now, 'must not be decremented')
  if (now === before && changed) field.invalid(now, 'must be incremented upon template update')
  else if (now > before && !changed) field.invalid(now, 'must not be incremented without template update')
}

const counts = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
] as const

export const daemonSets: Validator<DaemonSet> = {
  create: (object, field) => validateSpec(object, field.at('spec')),
  update(next, old, subresource, field) {
    if (subresource === 'status') {
      const at = field.at('status')
      for (const name of counts) nonNegative(next.status?.[name], at.at(name))
      validateCollisionCount(next.status, old.status, at)
      return
    }
    const at = field.at('spec')
    validateTemplateGeneration(next, old, at.at('templateGeneration'))
    validateImmutable(next.spec?.selector, old.spec?.selector, at.at('selector'))
    validateSpec(next, at, old.spec)
  },
}
