import type { MatchResources, NamedRuleWithOperations } from '../../../api/types/admissionregistration-v1.ts'
import type { StoreReader } from '../../auth/store-reader.ts'
import type { ResourceCatalog } from '../../registry/resource-catalog.ts'
import type { ServedResource } from '../../registry/served-resource.ts'
import type { AdmissionAttributes } from '../admission-plugin.ts'
import { equivalentResources } from '../object-versions.ts'
import { matchesRule } from './rule-matches.ts'
import { matchesSelectors } from './selector-matches.ts'

/** In which version a policy or binding is about a request; undefined when it is not. */
export function matchResources(
  constraints: MatchResources,
  attributes: AdmissionAttributes,
  catalog: ResourceCatalog,
  store: StoreReader,
): ServedResource | undefined {
  const { resourceRules = [], excludeResourceRules = [], matchPolicy } = constraints
  if (!matchesSelectors(constraints, attributes, store)) return undefined
  if (matchRules(excludeResourceRules, matchPolicy, attributes, catalog)) return undefined
  if (resourceRules.length === 0) return catalog.find(attributes.resource)
  return matchRules(resourceRules, matchPolicy, attributes, catalog)
}

/** In which version some of the rules are about a request: its own, or (unless `Exact`) an equivalent one. */
export function matchRules(
  rules: readonly NamedRuleWithOperations[],
  matchPolicy: string | undefined,
  attributes: AdmissionAttributes,
  catalog: ResourceCatalog,
): ServedResource | undefined {
  const matches = (resource: AdmissionAttributes['resource']): boolean =>
    rules.some(
      (rule) =>
        matchesRule(rule, { ...attributes, resource }) &&
        (!rule.resourceNames?.length || rule.resourceNames.includes(attributes.name)),
    )
  if (matches(attributes.resource)) return catalog.find(attributes.resource)
  if (rules.length === 0 || matchPolicy === 'Exact') return undefined
  return equivalentResources(catalog, attributes).find(({ info }) => matches(info))
}
