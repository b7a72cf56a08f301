import type { PodSpec, PodTemplateSpec } from '../../types/core-v1.ts'
import { Field } from '../field.ts'
import { isLabelValue } from '../formats.ts'
import { hasInvalidLabelValue, validateLabelSelector } from '../labels.ts'

/** What validation of a pod lets pass, mostly because the stored object has it already. */
export interface PodOptions {
  /** A pod itself, not a template. */
  isPod?: boolean
  allowInvalidSelectorValues?: boolean
  allowInvalidNodeAffinityValues?: boolean
  allowInvalidSpreadSelector?: boolean
  allowAnySELinuxChangePolicy?: boolean
  allowInvalidDeletionCost?: boolean
}

/** The options for a change of a pod or template; everything strict for a new one. */
export function podOptions(old: PodTemplateSpec | undefined): PodOptions {
  const spec = old?.spec
  if (!spec) return {}
  return {
    allowInvalidSelectorValues: affinitySelectors(spec).some(hasInvalidLabelValue),
    allowInvalidNodeAffinityValues: (
      spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
    ).some((term) =>
      (term.matchExpressions ?? []).some((expression) =>
        (expression.values ?? []).some((value) => isLabelValue(value).length > 0),
      ),
    ),
    allowInvalidSpreadSelector: (spec.topologySpreadConstraints ?? []).some((constraint) => {
      const field = new Field([])
      validateLabelSelector(constraint.labelSelector, field)
      return field.causes.length > 0
    }),
    allowAnySELinuxChangePolicy: spec.securityContext?.seLinuxChangePolicy !== undefined,
    allowInvalidDeletionCost: !isDeletionCost(old?.metadata?.annotations?.[deletionCostAnnotation]),
  }
}

function affinitySelectors(spec: PodSpec) {
  return [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => term.labelSelector),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      (weighted) => weighted.podAffinityTerm.labelSelector,
    ),
  ])
}

export const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost'

/** Absent, or a 32-bit integer written plainly. */
export function isDeletionCost(value: string | undefined): boolean {
  if (value === undefined) return true
  return /^(0|-?[1-9]\d*)$/.test(value) && Math.abs(Number(value)) <= 2 ** 31 - 1
}
