import type { ObjectMeta } from '../kube-object.ts'
import { addQuantity, compareQuantity, formatQuantity, parseQuantity } from '../quantity.ts'
import type { Container, Pod, PodSpec, PodStatus } from '../types/core-v1.ts'

type Amounts = Record<string, string>

export function defaultPod(pod: Pod): void {
  dropInitContainerAnnotations(pod.metadata)
  const { spec } = pod
  if (!spec) return
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  for (const { resources } of containers) {
    if (resources?.limits) resources.requests = { ...resources.limits, ...resources.requests }
  }
  if (spec.resources) {
    defaultHugePageLimits(spec, spec.resources)
    defaultPodRequests(spec, spec.resources)
  }
  spec.enableServiceLinks ??= true
  if (spec.hostNetwork) {
    for (const port of containers.flatMap(({ ports }) => ports ?? [])) port.hostPort ??= port.containerPort
  }
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1
}

export function defaultPodSpec(spec: PodSpec): void {
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.restartPolicy ??= 'Always'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
  spec.schedulerName ??= 'default-scheduler'
  // serviceAccount is the old name of the field; both are always shown.
  const account = spec.serviceAccountName ?? spec.serviceAccount
  if (account !== undefined) {
    spec.serviceAccountName = account
    spec.serviceAccount = account
  }
}

export function defaultPodStatus(status: PodStatus): void {
  // The old field wins: that is what old clients set.
  if (status.podIP && status.podIP !== status.podIPs?.[0]?.ip) status.podIPs = [{ ip: status.podIP }]
  else if (status.podIPs?.[0]?.ip) status.podIP = status.podIPs[0].ip
}

const initContainerAnnotations = [
  'pod.beta.kubernetes.io/init-containers',
  'pod.alpha.kubernetes.io/init-containers',
  'pod.beta.kubernetes.io/init-container-statuses',
  'pod.alpha.kubernetes.io/init-container-statuses',
]

/** Annotations that very old kubelets took for init containers. */
export function dropInitContainerAnnotations(metadata: ObjectMeta | undefined): void {
  if (!metadata?.annotations) return
  for (const key of initContainerAnnotations) delete metadata.annotations[key]
  if (Object.keys(metadata.annotations).length === 0) delete metadata.annotations
}

const podLevelResources = new Set(['cpu', 'memory'])

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-')
}

/** Requests of the whole pod, where it has limits: what its containers ask for, else the limits. */
function defaultPodRequests(spec: PodSpec, resources: NonNullable<PodSpec['resources']>): void {
  if (Object.keys(resources.limits ?? {}).length === 0) return
  const requests: Amounts = { ...resources.requests }
  const sums = aggregate(spec, 'requests')
  for (const name of podLevelResources) if (sums[name] !== undefined) requests[name] ??= sums[name]
  for (const [name, limit] of Object.entries(resources.limits ?? {})) {
    if (podLevelResources.has(name) || isHugePages(name)) requests[name] ??= limit
  }
  if (Object.keys(requests).length > 0) resources.requests = requests
}

function defaultHugePageLimits(spec: PodSpec, resources: NonNullable<PodSpec['resources']>): void {
  if (!resources.limits && !resources.requests) return
  const limits: Amounts = { ...resources.limits }
  for (const [name, sum] of Object.entries(aggregate(spec, 'limits'))) {
    if (isHugePages(name) && resources.requests?.[name] === undefined) limits[name] ??= sum
  }
  if (Object.keys(limits).length > 0) resources.limits = limits
}

/** Containers and sidecars together, or the hungriest moment of initialisation if that is more. */
function aggregate(spec: PodSpec, what: 'requests' | 'limits'): Amounts {
  const of = (container: Container): Amounts => container.resources?.[what] ?? {}
  let total: Amounts = {}
  for (const container of spec.containers) total = combine(total, of(container), 'sum')
  let sidecars: Amounts = {}
  let initialising: Amounts = {}
  for (const container of spec.initContainers ?? []) {
    const moment = combine(of(container), sidecars, 'sum')
    if (container.restartPolicy === 'Always') {
      total = combine(total, of(container), 'sum')
      sidecars = moment
    }
    initialising = combine(initialising, moment, 'maximum')
  }
  return combine(total, initialising, 'maximum')
}

function combine(left: Amounts, right: Amounts, how: 'sum' | 'maximum'): Amounts {
  const result = { ...left }
  for (const [name, amount] of Object.entries(right)) {
    const first = parseQuantity(result[name] ?? '')
    const second = parseQuantity(amount)
    if (!first || !second) result[name] ??= amount
    else if (how === 'sum') result[name] = formatQuantity(addQuantity(first, second))
    else if (compareQuantity(second, first) > 0) result[name] = amount
  }
  return result
}
