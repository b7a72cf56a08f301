import { formatQuantity, quantityMilliValue } from '../../api/quantity.ts'
import { parseLabelSelector } from '../../api/selectors/label-selector.ts'
import type { Scale } from '../../api/types/autoscaling-v1.ts'
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../api/types/autoscaling-v2.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import { errorMessage } from '../common/errors.ts'
import { fetchPodUsage } from './pod-metrics.ts'
import { replicasForAverage, replicasForUtilization, type Tolerances } from './replica-calculator.ts'

/** --horizontal-pod-autoscaler-tolerance */
const defaultTolerance = 0.1

export interface Evaluation {
  /** Absent when no size can be told. */
  replicas?: number
  /** What asked for it. */
  metric: string
  statuses: MetricStatus[]
  /** Why a metric could not be used; the first one. */
  failure?: { reason: string; message: string; summary: string }
}

export interface EvaluateOptions {
  client: Client
  pods: Informer<Pod>
  hpa: HorizontalPodAutoscaler
  scale: Scale
  now: number
}

/** The largest size that any metric asks for. When metrics fail, nothing is scaled down. */
export async function evaluateMetrics(options: EvaluateOptions): Promise<Evaluation> {
  const { hpa, scale } = options
  const metrics = hpa.spec?.metrics ?? []
  const selector = scale.status?.selector ?? ''
  if (selector === '') {
    const message = "the HPA target's scale is missing a selector"
    const failure = { reason: 'InvalidSelector', message, summary: 'selector is required' }
    return { metric: '', statuses: [], failure }
  }
  const evaluation: Evaluation = { metric: '', statuses: [] }
  let failed = 0
  let first: { reason: string; error: unknown } | undefined
  for (const metric of metrics) {
    try {
      const { replicas, name, status } = await evaluate(options, metric, selector)
      evaluation.statuses.push(status)
      if (evaluation.replicas === undefined || replicas > evaluation.replicas) {
        evaluation.replicas = replicas
        evaluation.metric = name
      }
    } catch (error) {
      failed++
      first ??= { reason: failureReason(metric), error }
    }
  }
  if (!first) return evaluation
  const text = errorMessage(first.error)
  const summary = `invalid metrics (${failed} invalid out of ${metrics.length}), first error is: ${failurePrefix(metrics, first)}: ${text}`
  evaluation.failure = {
    reason: first.reason,
    message: `the HPA was unable to compute the replica count: ${text}`,
    summary,
  }
  if ((evaluation.replicas ?? 0) < (scale.spec?.replicas ?? 0)) delete evaluation.replicas
  return evaluation
}

function failureReason({ type }: MetricSpec): string {
  return ['Object', 'Pods', 'Resource', 'ContainerResource', 'External'].includes(type)
    ? `FailedGet${type}Metric`
    : 'InvalidMetricSourceType'
}

function failurePrefix(metrics: MetricSpec[], { reason }: { reason: string }): string {
  const metric = metrics.find((each) => failureReason(each) === reason)
  switch (metric?.type) {
    case 'Resource':
      return `failed to get ${metric.resource?.name} resource metric value`
    case 'ContainerResource':
      return `failed to get ${metric.containerResource?.container} container metric value`
    case 'External':
      return `failed to get ${metric.external?.metric.name} external metric value`
    default:
      return `failed to get ${metric?.type.toLowerCase()} metric value`
  }
}

async function evaluate(
  options: EvaluateOptions,
  metric: MetricSpec,
  selector: string,
): Promise<{ replicas: number; name: string; status: MetricStatus }> {
  const { type } = metric
  if (type === 'Resource' && metric.resource) {
    const { name: resource, target } = metric.resource
    const { replicas, name, current } = await evaluateResource(options, resource, target, selector)
    return { replicas, name, status: { type, resource: { name: resource, current } } }
  }
  if (type === 'ContainerResource' && metric.containerResource) {
    const { name: resource, target, container } = metric.containerResource
    const { replicas, name, current } = await evaluateResource(options, resource, target, selector, container)
    return { replicas, name, status: { type, containerResource: { name: resource, container, current } } }
  }
  const source = metric.pods ?? metric.object ?? metric.external
  if (!source) throw new Error(`unknown metric source type "${type}"`)
  const api = type === 'External' ? 'external' : 'custom'
  throw new Error(
    `unable to get metric ${source.metric.name}: unable to fetch metrics from ${api} metrics API: no ${api} metrics API (${api}.metrics.k8s.io) registered`,
  )
}

async function evaluateResource(
  { client, pods, hpa, scale, now }: EvaluateOptions,
  resource: string,
  target: MetricTarget,
  selector: string,
  container?: string,
): Promise<{ replicas: number; name: string; current: MetricValueStatus }> {
  const { namespace = '' } = hpa.metadata
  const kind = target.averageValue === undefined ? 'utilization' : 'usage'
  try {
    const usage = await fetchPodUsage(client, namespace, selector, resource, container).catch((error) => {
      throw new Error(`unable to get metrics for resource ${resource}: ${errorMessage(error)}`)
    })
    const matches = parseLabelSelector(selector)
    const calculation = {
      pods: pods.list(namespace).filter(({ metadata }) => matches(metadata.labels)),
      usage,
      resource,
      ...(container !== undefined && { container }),
      currentReplicas: scale.spec?.replicas ?? 0,
      tolerances: tolerancesOf(hpa),
      now,
    }
    if (target.averageValue !== undefined) {
      const { replicas, average } = replicasForAverage(calculation, quantityMilliValue(target.averageValue))
      return {
        replicas,
        name: `${resource} resource`,
        current: { averageValue: quantity(resource, average) },
      }
    }
    if (target.averageUtilization === undefined) {
      throw new Error(
        'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
      )
    }
    const { replicas, average, utilization } = replicasForUtilization(calculation, target.averageUtilization)
    return {
      replicas,
      name: `${resource} ${container === undefined ? '' : 'container '}resource utilization (percentage of request)`,
      current: {
        averageValue: quantity(resource, average),
        ...(utilization !== undefined && { averageUtilization: utilization }),
      },
    }
  } catch (error) {
    throw new Error(`failed to get ${resource} ${kind}: ${errorMessage(error)}`)
  }
}

function quantity(resource: string, milli: number): string {
  const format = resource === 'memory' ? 'BinarySI' : 'DecimalSI'
  return formatQuantity({ nanos: BigInt(milli) * 1_000_000n, format })
}

function tolerancesOf({ spec }: HorizontalPodAutoscaler): Tolerances {
  const tolerance = (text: string | undefined): number =>
    text === undefined ? defaultTolerance : quantityMilliValue(text) / 1000
  return {
    scaleUp: tolerance(spec?.behavior?.scaleUp?.tolerance),
    scaleDown: tolerance(spec?.behavior?.scaleDown?.tolerance),
  }
}
