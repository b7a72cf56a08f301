import { isJsonObject } from '../json.ts'
import type { ObjectMeta, StoredKubeObject } from '../kube-object.ts'
import { schemaOf } from '../schema/schemas.ts'
import { conform } from '../structure/conform.ts'
import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../types/autoscaling-v1.ts'
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from '../types/autoscaling-v2.ts'
import {
  metricSpecFromV2,
  metricSpecToV2,
  metricStatusFromV2,
  metricStatusToV2,
} from './autoscaler-metrics.ts'

/** autoscaling/v1 knows the CPU alone; the rest travels in these annotations. */
const prefix = 'autoscaling.alpha.kubernetes.io/'
const annotation = {
  metrics: `${prefix}metrics`,
  current: `${prefix}current-metrics`,
  conditions: `${prefix}conditions`,
  behavior: `${prefix}behavior`,
}
const allAnnotations = [
  ...Object.values(annotation),
  `${prefix}scale-down-tolerance`,
  `${prefix}scale-up-tolerance`,
]

/** autoscaling/v2 → v1. */
export function autoscalerFromV2(object: StoredKubeObject): StoredKubeObject {
  const { metadata, spec, status } = object as unknown as HorizontalPodAutoscaler
  const metrics = spec.metrics ?? []
  const annotations = withoutOurs(metadata)
  const others = metrics.filter((metric) => !isCpuUtilization(metric))
  if (others.length > 0) annotations[annotation.metrics] = JSON.stringify(others.map(metricSpecFromV2))
  if (status?.currentMetrics?.length) {
    annotations[annotation.current] = JSON.stringify(status.currentMetrics.map(metricStatusFromV2))
  }
  if (spec.behavior) annotations[annotation.behavior] = JSON.stringify(renameKeys(spec.behavior, capital))
  if (status?.conditions?.length) annotations[annotation.conditions] = JSON.stringify(status.conditions)
  const converted: Partial<AutoscalerV1> = {
    metadata: { ...metadata, annotations },
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      minReplicas: spec.minReplicas,
      maxReplicas: spec.maxReplicas,
      targetCPUUtilizationPercentage: metrics.find(isCpuUtilization)?.resource?.target.averageUtilization,
    } as AutoscalerV1['spec'],
    status: {
      ...statusParts(status),
      currentCPUUtilizationPercentage:
        status?.currentMetrics?.findLast(isCpuStatus)?.resource?.current.averageUtilization,
    } as AutoscalerV1['status'] & object,
  }
  return shaped('v1', converted)
}

/** autoscaling/v1 → v2. */
export function autoscalerToV2(object: StoredKubeObject): StoredKubeObject {
  const { metadata, spec, status } = object as unknown as AutoscalerV1
  const stored = metadata.annotations ?? {}
  const metrics = parseList(stored[annotation.metrics])?.map(metricSpecToV2) ?? []
  const target = spec.targetCPUUtilizationPercentage
  if (target !== undefined) metrics.push(cpuMetric(target))
  if (metrics.length === 0) metrics.push(cpuMetric(80))
  const behavior = parse(stored[annotation.behavior])
  const current = status?.currentCPUUtilizationPercentage
  const fromCpu: MetricStatus[] | undefined =
    current === undefined
      ? undefined
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } }]
  const converted: Partial<HorizontalPodAutoscaler> = {
    metadata: { ...metadata, annotations: withoutOurs(metadata) },
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      minReplicas: spec.minReplicas,
      maxReplicas: spec.maxReplicas,
      metrics,
      ...(isJsonObject(behavior) &&
        Object.keys(behavior).length > 0 && { behavior: renameKeys(behavior, small) }),
    } as HorizontalPodAutoscaler['spec'],
    status: {
      ...statusParts(status),
      currentMetrics: parseList(stored[annotation.current])?.map(metricStatusToV2) ?? fromCpu,
      conditions: parseList(stored[annotation.conditions]),
    } as HorizontalPodAutoscaler['status'] & object,
  }
  return shaped('v2', converted)
}

function cpuMetric(averageUtilization: number): MetricSpec {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }
}

function isCpuUtilization({ type, resource }: MetricSpec): boolean {
  return type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined
}

function isCpuStatus({ type, resource }: MetricStatus): boolean {
  return type === 'Resource' && resource?.name === 'cpu' && resource.current.averageUtilization !== undefined
}

function statusParts(status: AutoscalerV1['status'] | HorizontalPodAutoscaler['status']) {
  return {
    observedGeneration: status?.observedGeneration,
    lastScaleTime: status?.lastScaleTime,
    currentReplicas: status?.currentReplicas,
    desiredReplicas: status?.desiredReplicas,
  }
}

function withoutOurs({ annotations }: ObjectMeta): Record<string, string> {
  const rest = { ...annotations }
  for (const key of allAnnotations) delete rest[key]
  return rest
}

function shaped(version: 'v1' | 'v2', object: object): StoredKubeObject {
  const schema = schemaOf(`io.k8s.api.autoscaling.${version}.HorizontalPodAutoscaler`)
  const kind = { apiVersion: `autoscaling/${version}`, kind: 'HorizontalPodAutoscaler' }
  return conform(schema, { ...kind, ...object }) as StoredKubeObject
}

/** What somebody wrote into the annotation may be anything; upstream ignores what it cannot read. */
function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parseList(text: string | undefined): Record<string, unknown>[] | undefined {
  const list = parse(text)
  return Array.isArray(list) ? list.filter(isJsonObject) : undefined
}

const capital = (name: string) => name.slice(0, 1).toUpperCase() + name.slice(1)
const small = (name: string) => name.slice(0, 1).toLowerCase() + name.slice(1)

/** Upstream writes the behaviour with the names of its Go fields. */
function renameKeys(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => renameKeys(each, rename))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [rename(name), renameKeys(each, rename)]),
  )
}
