import type { PolicyRule } from '../../../api/types/rbac-v1.ts'
import type { AuthorizationAttributes } from '../authorizer.ts'

/** Does a rule allow a request? */
export function ruleMatches(rule: PolicyRule, attributes: AuthorizationAttributes): boolean {
  if (!matches(rule.verbs, attributes.verb)) return false
  if (attributes.resource === undefined) return pathMatches(rule.nonResourceURLs, attributes.path ?? '')
  return (
    matches(rule.apiGroups, attributes.group ?? '') &&
    resourceMatches(rule.resources, attributes.resource, attributes.subresource ?? '') &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(attributes.name ?? ''))
  )
}

function matches(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(value))
}

function resourceMatches(
  resources: readonly string[] | undefined,
  resource: string,
  subresource: string,
): boolean {
  if (!resources) return false
  const combined = subresource ? `${resource}/${subresource}` : resource
  return matches(resources, combined) || (subresource !== '' && resources.includes(`*/${subresource}`))
}

function pathMatches(urls: readonly string[] | undefined, path: string): boolean {
  return urls?.some((url) => pathCovers(url, path)) ?? false
}

/** `/healthz*` covers `/healthz/etcd`; only trailing stars are wild. */
export function pathCovers(url: string, path: string): boolean {
  return url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')))
}
