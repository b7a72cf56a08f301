import type { KubeObject } from '../kube-object.ts'
import { expressionMatcher } from '../label-selector.ts'
import { parseTime } from '../time.ts'
import type { Container, Pod, PodAffinityTerm, ScopedResourceSelectorRequirement } from '../types/core-v1.ts'
import { podTotals } from './pod-totals.ts'
import { addTo, parseQuantities, pieces, type Quantities } from './quantities.ts'
import type { QuotaEvaluator } from './quota-evaluator.ts'

const names = new Set([
  'count/pods',
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
])
/** Limited ones of these every container must state. Upstream keeps this for compatibility and adds none. */
const mustBeStated = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
])

/** Upstream's pkg/quota/v1/evaluator/core/pods.go. */
export const podQuotaEvaluator: QuotaEvaluator = {
  resource: { group: '', resource: 'pods' },
  measures: (name) =>
    names.has(name) ||
    name.startsWith('hugepages-') ||
    name.startsWith('requests.hugepages-') ||
    (name.startsWith('requests.') && isExtended(name.slice('requests.'.length))),
  inScope,
  usage,
  missing,
  handles(operation, subresource, object, old) {
    if (subresource === 'resize') return operation === 'UPDATE'
    if (subresource !== '') return false
    if (operation === 'UPDATE') return isTerminating(pod(object)) !== isTerminating(pod(old ?? {}))
    return operation === 'CREATE'
  },
}

function pod(object: KubeObject): Pod {
  return object as unknown as Pod
}

function usage(object: KubeObject, now: number): Quantities {
  // count/pods counts what is stored, `pods` what still runs.
  const result: Quantities = new Map([['count/pods', pieces(1)]])
  const { metadata, status } = pod(object)
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return result
  const deleted = parseTime(metadata?.deletionTimestamp)
  const grace = metadata?.deletionGracePeriodSeconds
  // A pod stuck on a lost node is not charged for.
  if (deleted !== undefined && grace !== undefined && now > deleted + grace * 1000) return result
  const options = { overhead: true, useStatus: true }
  const requests = podTotals(pod(object), 'requests', options)
  addTo(result, computeUsage(requests, podTotals(pod(object), 'limits', options)))
  return result
}

function computeUsage(requests: Quantities, limits: Quantities): Quantities {
  const result: Quantities = new Map([['pods', pieces(1)]])
  for (const [name, quantity] of requests) {
    if (
      name === 'cpu' ||
      name === 'memory' ||
      name === 'ephemeral-storage' ||
      name.startsWith('hugepages-')
    ) {
      result.set(name, quantity)
      result.set(`requests.${name}`, quantity)
    } else if (isExtended(name)) result.set(`requests.${name}`, quantity)
  }
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const limit = limits.get(name)
    if (limit) result.set(`limits.${name}`, limit)
  }
  return result
}

function missing(limited: readonly string[], object: KubeObject): string | undefined {
  const { spec } = pod(object)
  const whole = spec?.resources
  if (Object.keys({ ...whole?.requests, ...whole?.limits }).length > 0) return undefined
  const lacking = new Map<string, Set<string>>()
  const containers: Container[] = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
  for (const { name, resources } of containers) {
    const stated = computeUsage(parseQuantities(resources?.requests), parseQuantities(resources?.limits))
    for (const resource of limited) {
      if (!mustBeStated.has(resource) || stated.has(resource)) continue
      lacking.set(resource, (lacking.get(resource) ?? new Set()).add(name))
    }
  }
  if (lacking.size === 0) return undefined
  const texts = [...lacking].sort(([left], [right]) => (left < right ? -1 : 1))
  return `must specify ${texts.map(([resource, who]) => `${resource} for: ${[...who].sort().join(',')}`).join('; ')}`
}

/** Not Kubernetes' own: `example.com/gpu`, or a device class. */
function isExtended(name: string): boolean {
  if (name.startsWith('deviceclass.resource.kubernetes.io/')) return true
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.')
}

function inScope(requirement: ScopedResourceSelectorRequirement, object: KubeObject): boolean {
  const { scopeName, operator, values = [] } = requirement
  switch (scopeName) {
    case 'Terminating':
      return isTerminating(pod(object))
    case 'NotTerminating':
      return !isTerminating(pod(object))
    case 'BestEffort':
      return isBestEffort(pod(object))
    case 'NotBestEffort':
      return !isBestEffort(pod(object))
    case 'PriorityClass': {
      const name = pod(object).spec?.priorityClassName
      return expressionMatcher('class', operator, values)(name ? { class: name } : {})
    }
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod(object))
    default:
      return false
  }
}

function isTerminating({ spec }: Pod): boolean {
  const deadline = spec?.activeDeadlineSeconds
  return deadline !== undefined && deadline !== null && deadline >= 0
}

function isBestEffort({ spec, status }: Pod): boolean {
  if (status?.qosClass) return status.qosClass === 'BestEffort'
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []), ...(spec ? [spec] : [])]
  return all.every(({ resources }) =>
    [...parseQuantities(resources?.requests), ...parseQuantities(resources?.limits)].every(
      ([name, { nanos }]) => (name !== 'cpu' && name !== 'memory') || nanos === 0n,
    ),
  )
}

function crossesNamespaces({ spec }: Pod): boolean {
  const crosses = (term: PodAffinityTerm): boolean =>
    (term.namespaces?.length ?? 0) > 0 || term.namespaceSelector !== undefined
  return [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].some(
    (affinity) =>
      affinity?.requiredDuringSchedulingIgnoredDuringExecution?.some(crosses) ||
      affinity?.preferredDuringSchedulingIgnoredDuringExecution?.some(({ podAffinityTerm }) =>
        crosses(podAffinityTerm),
      ),
  )
}
