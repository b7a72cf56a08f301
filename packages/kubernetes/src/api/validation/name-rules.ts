import type { ResourceInfo } from '../resource-info.ts'
import { type FormatCheck, isDns1123Label, isDns1123Subdomain, isPathSegment } from './formats.ts'
import { isCanonicalIp } from './rules.ts'

/** Kinds whose names become DNS labels or pod names with a number behind. */
const labels = new Set(['namespaces.', 'services.', 'statefulsets.apps'])

/** Kinds of which a name only has to fit into a URL. */
const anything = new Set([
  'events.',
  'events.events.k8s.io',
  'poddisruptionbudgets.policy',
  'certificatesigningrequests.certificates.k8s.io',
  'roles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'clustertrustbundles.certificates.k8s.io',
  // `v1.` is the core group's.
  'apiservices.apiregistration.k8s.io',
])

/** What names of a kind may be; custom resources take DNS subdomains. */
export function nameRuleOf({ resource, group }: ResourceInfo): FormatCheck {
  const name = `${resource}.${group}`
  if (labels.has(name)) return isDns1123Label
  if (name === 'ipaddresses.networking.k8s.io') return isCanonicalIp
  return anything.has(name) ? isPathSegment : isDns1123Subdomain
}
