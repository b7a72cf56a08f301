import { quantityMilliValue } from '../../api/quantity.ts'
import { isSidecar, podRequests } from '../../api/scheduling/pod-resources.ts'
import { parseTime } from '../../api/time.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import type { PodUsage } from './pod-metrics.ts'

// Of kube-controller-manager: --horizontal-pod-autoscaler-cpu-initialization-period and -initial-readiness-delay.
const cpuInitializationMs = 5 * 60_000
const initialReadinessMs = 30_000

export interface Tolerances {
  scaleUp: number
  scaleDown: number
}

export interface Calculation {
  pods: Pod[]
  usage: Map<string, PodUsage>
  resource: string
  container?: string
  currentReplicas: number
  tolerances: Tolerances
  now: number
}

export interface Proposal {
  replicas: number
  /** Average per pod, in thousandths. */
  average: number
  /** Percent of what the pods ask for; only when that is the target. */
  utilization?: number
}

/** Replicas that bring the average utilization to `target` percent of the requests. @throws Error when that cannot be told */
export function replicasForUtilization(calculation: Calculation, target: number): Proposal {
  const requests = new Map(
    calculation.pods.map((pod) => [
      pod.metadata.name ?? '',
      requestOf(pod, calculation.resource, calculation.container),
    ]),
  )
  const measure = (usage: Map<string, number>): Proposal & { ratio: number } => {
    let used = 0
    let requested = 0
    let count = 0
    for (const [name, value] of usage) {
      const request = requests.get(name)
      if (request === undefined) continue
      used += value
      requested += request
      count++
    }
    if (requested === 0) throw new Error('no metrics returned matched known pods')
    const utilization = Math.trunc((used * 100) / requested)
    return { replicas: 0, utilization, average: Math.trunc(used / count), ratio: utilization / target }
  }
  // A pod without a figure is taken to use all that it asks for when the others use little.
  return propose(calculation, measure, (name) =>
    Math.trunc(((requests.get(name) ?? 0) * Math.max(100, target)) / 100),
  )
}

/** Replicas that bring the average usage to `target` (thousandths) per pod. @throws Error when that cannot be told */
export function replicasForAverage(calculation: Calculation, target: number): Proposal {
  const measure = (usage: Map<string, number>): Proposal & { ratio: number } => {
    const total = [...usage.values()].reduce((sum, value) => sum + value, 0)
    const average = Math.trunc(total / usage.size)
    return { replicas: 0, average, ratio: average / target }
  }
  return propose(calculation, measure, () => target)
}

function propose(
  calculation: Calculation,
  measure: (usage: Map<string, number>) => Proposal & { ratio: number },
  assumedWhenLow: (pod: string) => number,
): Proposal {
  const { currentReplicas, tolerances } = calculation
  const { usage, ready, unready, missing } = group(calculation)
  if (usage.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)')
  const { ratio, ...seen } = measure(usage)
  const isWithin = (value: number): boolean =>
    1 - tolerances.scaleDown <= value && value <= 1 + tolerances.scaleUp
  const result = (replicas: number): Proposal => ({ ...seen, replicas })
  const upWithUnready = unready.length > 0 && ratio > 1
  if (!upWithUnready && missing.length === 0) {
    return result(isWithin(ratio) ? currentReplicas : Math.ceil(ratio * ready))
  }
  // What is not known is taken to speak against the change.
  if (ratio !== 1) for (const name of missing) usage.set(name, ratio < 1 ? assumedWhenLow(name) : 0)
  if (upWithUnready) for (const name of unready) usage.set(name, 0)
  const { ratio: next } = measure(usage)
  if (isWithin(next) || (ratio < 1 && next > 1) || (ratio > 1 && next < 1)) return result(currentReplicas)
  const replicas = Math.ceil(next * usage.size)
  if ((next < 1 && replicas > currentReplicas) || (next > 1 && replicas < currentReplicas)) {
    return result(currentReplicas)
  }
  return result(replicas)
}

/** Sorts pods by whether their figures count: `usage` holds those of the `ready` ones only. */
function group({ pods, usage, resource, now }: Calculation): {
  usage: Map<string, number>
  ready: number
  unready: string[]
  missing: string[]
} {
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count')
  const counted = new Map([...usage].map(([name, { value }]) => [name, value]))
  const unready: string[] = []
  const missing: string[] = []
  let ready = 0
  for (const pod of pods) {
    const name = pod.metadata.name ?? ''
    const phase = pod.status?.phase
    const metric = usage.get(name)
    if (pod.metadata.deletionTimestamp || phase === 'Failed') counted.delete(name)
    else if (phase === 'Pending' || (metric && resource === 'cpu' && isWarmingUp(pod, metric, now))) {
      unready.push(name)
      counted.delete(name)
    } else if (!metric) missing.push(name)
    else ready++
  }
  return { usage: counted, ready, unready, missing }
}

/** The processor time that a pod takes to start says nothing about its load. */
function isWarmingUp({ status }: Pod, metric: PodUsage, now: number): boolean {
  const condition = findCondition(status?.conditions, 'Ready')
  const started = parseTime(status?.startTime)
  if (!condition || started === undefined) return true
  const changed = parseTime(condition.lastTransitionTime) ?? 0
  const isUnready = condition.status === 'False'
  if (started + cpuInitializationMs > now) return isUnready || metric.timestamp < changed + metric.windowMs
  // It was never ready.
  return isUnready && started + initialReadinessMs > changed
}

function requestOf(pod: Pod, resource: string, container: string | undefined): number {
  const { spec, metadata } = pod
  if (container === undefined && spec?.resources?.requests) {
    const request = podRequests(pod).get(resource)
    if (request === undefined) {
      throw new Error(`missing pod-level request for ${resource} in Pod ${metadata.name}`)
    }
    return resource === 'cpu' ? request : request * 1000
  }
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []).filter(isSidecar)]
  const counted = container === undefined ? all : all.filter(({ name }) => name === container)
  if (counted.length === 0 && container !== undefined) {
    throw new Error(`container ${container} not found in Pod ${metadata.name}`)
  }
  return counted.reduce((sum, { name, resources }) => {
    const request = resources?.requests?.[resource]
    if (request === undefined) {
      throw new Error(`missing request for ${resource} in container ${name} of Pod ${metadata.name}`)
    }
    return sum + quantityMilliValue(request)
  }, 0)
}
