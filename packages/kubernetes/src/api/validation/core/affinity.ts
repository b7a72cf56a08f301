import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '../../types/core-v1.ts'
import type { LabelSelector } from '../../types/meta-v1.ts'
import type { Field } from '../field.ts'
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../formats.ts'
import { validateLabelSelector } from '../labels.ts'
import { oneOfIfSet, positive } from '../rules.ts'
import type { PodOptions } from './pod-options.ts'

export function validateAffinity(affinity: Affinity | undefined, field: Field, options: PodOptions): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {}
  if (nodeAffinity) {
    const at = field.at('nodeAffinity')
    const required = nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
    if (required)
      validateNodeSelector(
        required,
        at.at('requiredDuringSchedulingIgnoredDuringExecution'),
        options.allowInvalidNodeAffinityValues,
      )
    const preferred = nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? []
    for (const [index, { weight, preference }] of preferred.entries()) {
      const here = at.at('preferredDuringSchedulingIgnoredDuringExecution').index(index)
      validateWeight(weight, here)
      validateNodeSelectorTerm(preference, here.at('preference'), true)
    }
  }
  if (podAffinity) validatePodAffinity(podAffinity, field.at('podAffinity'), options)
  if (podAntiAffinity) validatePodAffinity(podAntiAffinity, field.at('podAntiAffinity'), options)
}

function validateWeight(weight: number, field: Field): void {
  if (weight <= 0 || weight > 100) field.at('weight').invalid(weight, 'must be in the range 1-100')
}

export function validateNodeSelector(selector: NodeSelector, field: Field, allowInvalidValues = false): void {
  const at = field.at('nodeSelectorTerms')
  const terms = selector.nodeSelectorTerms ?? []
  if (terms.length === 0) at.required('must have at least one node selector term')
  for (const [index, term] of terms.entries())
    validateNodeSelectorTerm(term, at.index(index), allowInvalidValues)
}

function validateNodeSelectorTerm(term: NodeSelectorTerm, field: Field, allowInvalidValues: boolean): void {
  for (const [index, requirement] of (term.matchExpressions ?? []).entries())
    validateRequirement(requirement, field.at('matchExpressions').index(index), allowInvalidValues)
  for (const [index, { key, operator, values = [] }] of (term.matchFields ?? []).entries()) {
    const here = field.at('matchFields').index(index)
    if (operator !== 'In' && operator !== 'NotIn')
      here.at('operator').invalid(operator, 'not a valid selector operator')
    else if (values.length !== 1)
      here
        .at('values')
        .required("must be only one value when `operator` is 'In' or 'NotIn' for node field selector")
    if (key !== 'metadata.name') here.at('key').invalid(key, 'not a valid field selector key')
    else
      for (const [i, value] of values.entries())
        here.at('values').index(i).check(value, isDns1123Subdomain(value))
  }
}

function validateRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  field: Field,
  allowInvalidValues: boolean,
): void {
  const at = field.at('values')
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) at.required("must be specified when `operator` is 'In' or 'NotIn'")
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0)
        at.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) at.required("must be specified single value when `operator` is 'Lt' or 'Gt'")
      break
    default:
      field.at('operator').invalid(operator, 'not a valid selector operator')
  }
  field.at('key').check(key, isQualifiedName(key))
  if (!allowInvalidValues)
    for (const [index, value] of values.entries()) at.index(index).check(value, isLabelValue(value))
}

function validatePodAffinity(affinity: PodAffinity, field: Field, options: PodOptions): void {
  const required = affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []
  for (const [index, term] of required.entries())
    validateAffinityTerm(
      term,
      field.at('requiredDuringSchedulingIgnoredDuringExecution').index(index),
      options,
    )
  const preferred = affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []
  for (const [index, { weight, podAffinityTerm }] of preferred.entries()) {
    const here = field.at('preferredDuringSchedulingIgnoredDuringExecution').index(index)
    validateWeight(weight, here)
    validateAffinityTerm(podAffinityTerm, here.at('podAffinityTerm'), options)
  }
}

function validateAffinityTerm(term: PodAffinityTerm, field: Field, options: PodOptions): void {
  const allow = { allowInvalidValues: options.allowInvalidSelectorValues ?? false }
  validateLabelSelector(term.labelSelector, field.at('labelSelector'), allow)
  validateLabelSelector(term.namespaceSelector, field.at('namespaceSelector'), allow)
  for (const name of term.namespaces ?? []) field.at('namespace').check(name, isDns1123Label(name))
  validateLabelKeys(term.matchLabelKeys ?? [], term.mismatchLabelKeys ?? [], term.labelSelector, field)
  const at = field.at('topologyKey')
  if (!term.topologyKey) at.required('can not be empty')
  at.check(term.topologyKey ?? '', isQualifiedName(term.topologyKey ?? ''))
}

function validateLabelKeys(
  matching: string[],
  mismatching: string[],
  selector: LabelSelector | undefined,
  field: Field,
): void {
  for (const [name, keys] of Object.entries({ matchLabelKeys: matching, mismatchLabelKeys: mismatching })) {
    if (keys.length === 0) continue
    const at = field.at(name)
    if (!selector) at.forbidden('must not be specified when labelSelector is not set')
    else for (const [index, key] of keys.entries()) at.index(index).check(key, isQualifiedName(key))
  }
  const inSelector = new Set(Object.keys(selector?.matchLabels ?? {}))
  for (const { key } of selector?.matchExpressions ?? []) {
    const index = matching.lastIndexOf(key)
    if (index >= 0 && inSelector.has(key))
      field.index(index).invalid(key, 'exists in both matchLabelKeys and labelSelector')
    inSelector.add(key)
  }
  for (const [index, key] of matching.entries())
    if (mismatching.includes(key))
      field
        .at('matchLabelKeys')
        .index(index)
        .invalid(key, 'exists in both matchLabelKeys and mismatchLabelKeys')
}

export function validateSpreadConstraints(
  constraints: TopologySpreadConstraint[],
  field: Field,
  options: PodOptions,
): void {
  for (const [index, constraint] of constraints.entries()) {
    const here = field.index(index)
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains, labelSelector } = constraint
    positive(maxSkew, here.at('maxSkew'))
    if (!topologyKey) here.at('topologyKey').required('can not be empty')
    oneOfIfSet(whenUnsatisfiable ?? '', ['DoNotSchedule', 'ScheduleAnyway'], here.at('whenUnsatisfiable'))
    const isRepeated = constraints
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable)
    if (isRepeated)
      here.at('{topologyKey, whenUnsatisfiable}').duplicate(`{${topologyKey}, ${whenUnsatisfiable}}`)
    if (minDomains !== undefined) {
      positive(minDomains, here.at('minDomains'))
      if (whenUnsatisfiable !== 'DoNotSchedule')
        here
          .at('minDomains')
          .invalid(
            minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`,
          )
    }
    for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const)
      oneOfIfSet(constraint[name], ['Honor', 'Ignore'], here.at(name))
    validateLabelKeys(constraint.matchLabelKeys ?? [], [], labelSelector, here)
    if (!options.allowInvalidSpreadSelector) validateLabelSelector(labelSelector, here.at('labelSelector'))
  }
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function validateTaintEffect(effect: string | undefined, field: Field): void {
  if (!effect) field.required()
  else if (!effects.includes(effect)) field.notSupported(effect, effects)
}

export function validateTolerations(tolerations: Toleration[], field: Field): void {
  for (const [index, toleration] of tolerations.entries()) {
    const here = field.index(index)
    const { key, operator = '', value = '', effect = '', tolerationSeconds } = toleration
    if (key) here.at('key').check(key, isQualifiedName(key))
    else if (operator !== 'Exists')
      here
        .at('operator')
        .invalid(
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        )
    if (tolerationSeconds !== undefined && effect !== 'NoExecute')
      here.at('effect').invalid(effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
    switch (operator) {
      case '':
      case 'Equal': {
        const messages = isLabelValue(value)
        if (messages.length > 0) here.at('operator').invalid(value, messages.join(';'))
        break
      }
      case 'Exists':
        if (value) here.at('operator').invalid(value, "value must be empty when `operator` is 'Exists'")
        break
      case 'Lt':
      case 'Gt':
        here.at('operator').notSupported(operator, ['Equal', 'Exists', 'Lt', 'Gt'])
        break
      default:
        here.at('operator').notSupported(operator, ['Equal', 'Exists'])
    }
    if (effect) validateTaintEffect(effect, here.at('effect'))
  }
}
