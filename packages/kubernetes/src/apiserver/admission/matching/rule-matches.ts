import type { RuleWithOperations } from '../../../api/types/admissionregistration-v1.ts'
import type { AdmissionAttributes } from '../admission-plugin.ts'

/** What a rule of webhooks and policies looks at. */
export type RuleSubject = Pick<AdmissionAttributes, 'operation' | 'subresource' | 'namespace'> & {
  resource: { group: string; version: string; resource: string }
}

/** Is a request what a rule is about? */
export function matchesRule(
  rule: RuleWithOperations,
  { operation, resource, subresource, namespace }: RuleSubject,
): boolean {
  return (
    includes(rule.operations, operation) &&
    includes(rule.apiGroups, resource.group) &&
    includes(rule.apiVersions, resource.version) &&
    (rule.resources ?? []).some((each) => matchesResource(each, resource.resource, subresource)) &&
    matchesScope(rule.scope, resource, namespace)
  )
}

function includes(list: readonly string[] | undefined, value: string): boolean {
  return list?.some((each) => each === '*' || each === value) ?? false
}

/** `pods` is without subresources, `pods/*` with all of them, and both. */
function matchesResource(pattern: string, resource: string, subresource: string): boolean {
  const slash = pattern.indexOf('/')
  const [wanted, sub] = slash < 0 ? [pattern, ''] : [pattern.slice(0, slash), pattern.slice(slash + 1)]
  return (wanted === '*' || wanted === resource) && (sub === '*' || sub === subresource)
}

function matchesScope(
  scope: string | undefined,
  { group, resource }: RuleSubject['resource'],
  namespace: string,
): boolean {
  if (!scope || scope === '*') return true
  // A namespace counts as inside itself, but is not namespaced.
  const inside = namespace !== '' && !(group === '' && resource === 'namespaces')
  return scope === 'Namespaced' ? inside : scope === 'Cluster' && !inside
}
