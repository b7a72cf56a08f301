/** Labels of Kubernetes' own domains that a kubelet may give its node; all others of these are the administrator's. */
const wellKnown = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
])
const ownDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io']

/** Whether admission lets a kubelet set the label on itself. */
export function mayLabelItself(key: string): boolean {
  const slash = key.indexOf('/')
  const domain = slash < 0 ? '' : key.slice(0, slash)
  const within = (parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`)
  if (!within('kubernetes.io') && !within('k8s.io')) return true
  return wellKnown.has(key) || ownDomains.some(within)
}
