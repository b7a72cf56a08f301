const allowed = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
])
const allowedDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io']
const restricted = 'node-restriction.kubernetes.io'

/** Labels that a kubelet changes though it may not: Kubernetes' own, but for a few that describe the machine. Sorted. */
export function forbiddenNodeLabels(next: Record<string, string>, old: Record<string, string>): string[] {
  const changed = [...new Set([...Object.keys(next), ...Object.keys(old)])].filter(
    (key) => next[key] !== old[key],
  )
  return changed.filter(isForbidden).sort()
}

function isForbidden(label: string): boolean {
  const domain = label.includes('/') ? label.slice(0, label.indexOf('/')) : ''
  if (isIn(domain, restricted)) return true
  if (!isIn(domain, 'kubernetes.io') && !isIn(domain, 'k8s.io')) return false
  return !allowed.has(label) && !allowedDomains.some((each) => isIn(domain, each))
}

function isIn(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`)
}
