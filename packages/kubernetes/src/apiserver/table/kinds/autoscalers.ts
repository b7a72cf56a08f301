import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../../../api/types/autoscaling-v1.ts'
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../../api/types/autoscaling-v2.ts'
import { listCell } from '../formats.ts'
import { columns, type KindTable } from '../kind-table.ts'

const autoscalerColumns = columns('Name', 'Reference', 'Targets', 'MinPods', 'MaxPods', 'Replicas', 'Age')

/** autoscaling/v2. */
export const autoscalers: KindTable<HorizontalPodAutoscaler> = {
  columns: autoscalerColumns,
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    `${spec?.scaleTargetRef.kind}/${spec?.scaleTargetRef.name}`,
    metricsCell(spec?.metrics ?? [], status?.currentMetrics ?? []),
    spec?.minReplicas === undefined ? '<unset>' : String(spec.minReplicas),
    spec?.maxReplicas ?? 0,
    status?.currentReplicas ?? 0,
    since(metadata.creationTimestamp),
  ],
}

/** autoscaling/v1 knows the CPU alone. */
export const autoscalersV1: KindTable<AutoscalerV1> = {
  columns: autoscalerColumns,
  cells: ({ metadata, spec, status }, { since }) => {
    const percent = (value: number | undefined) => (value === undefined ? '<unknown>' : `${value}%`)
    const target = spec?.targetCPUUtilizationPercentage
    return [
      metadata.name ?? '',
      `${spec?.scaleTargetRef.kind}/${spec?.scaleTargetRef.name}`,
      target === undefined ? '<none>' : `cpu: ${percent(status?.currentCPUUtilizationPercentage)}/${target}%`,
      spec?.minReplicas === undefined ? '<unset>' : String(spec.minReplicas),
      spec?.maxReplicas ?? 0,
      status?.currentReplicas ?? 0,
      since(metadata.creationTimestamp),
    ]
  },
}

function metricsCell(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (specs.length === 0) return '<none>'
  return listCell(
    specs.map((spec, index) => metricCell(spec, statuses[index])),
    2,
    ', ',
  )
}

function metricCell(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return amount(spec.external?.target, status?.external?.current)
    case 'Object':
      return amount(spec.object?.target, status?.object?.current)
    case 'Pods':
      return `${status?.pods?.current.averageValue ?? '<unknown>'}/${spec.pods?.target.averageValue ?? ''}`
    case 'Resource':
      return `${spec.resource?.name}: ${share(spec.resource?.target, status?.resource?.current)}`
    case 'ContainerResource':
      return `${spec.containerResource?.name}: ${share(spec.containerResource?.target, status?.containerResource?.current)}`
    default:
      return '<unknown type>'
  }
}

function amount(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) {
    return `${current?.averageValue ?? '<unknown>'}/${target.averageValue} (avg)`
  }
  return `${current?.value ?? '<unknown>'}/${target?.value ?? ''}`
}

function share(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined)
    return `${current?.averageValue ?? '<unknown>'}/${target.averageValue}`
  const percent = (value: number | undefined, otherwise: string) =>
    value === undefined ? otherwise : `${value}%`
  return `${percent(current?.averageUtilization, '<unknown>')}/${percent(target?.averageUtilization, '<auto>')}`
}
