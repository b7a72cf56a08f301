import type { KubeObject } from '../kube-object.ts'
import type { ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../types/core-v1.ts'
import { addTo, only, pieces, type Quantities } from './quantities.ts'
import type { QuotaEvaluator } from './quota-evaluator.ts'
import { quotaEvaluatorsFor } from './quota-evaluators.ts'

/** A quota's scopes, the short and the long form together. An object must be in all of them. */
export function scopesOf(spec: ResourceQuotaSpec | undefined): ScopedResourceSelectorRequirement[] {
  return [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' as const })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ]
}

/**
 * What a quota's namespace uses now of what the quota limits: `status.used`.
 *
 * @param list all objects of a resource in the quota's namespace; undefined for resources that are not served
 */
export function quotaUsage(
  spec: ResourceQuotaSpec,
  list: (resource: QuotaEvaluator['resource']) => readonly KubeObject[] | undefined,
  now: number,
): Quantities {
  const names = Object.keys(spec.hard ?? {})
  const scopes = scopesOf(spec)
  const total: Quantities = new Map()
  for (const evaluator of quotaEvaluatorsFor(names)) {
    const objects = list(evaluator.resource)
    if (!objects) continue
    addTo(total, new Map(names.filter(evaluator.measures).map((name) => [name, pieces(0)])))
    for (const object of objects) {
      if (!scopes.every((scope) => evaluator.inScope(scope, object))) continue
      addTo(total, only(evaluator.usage(object, now), names))
    }
  }
  return total
}
