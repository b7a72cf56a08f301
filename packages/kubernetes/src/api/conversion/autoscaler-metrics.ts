import type { MetricSpec as SpecV1, MetricStatus as StatusV1 } from '../types/autoscaling-v1.ts'
import type { MetricSpec, MetricStatus, MetricTarget } from '../types/autoscaling-v2.ts'

/*
 * Metrics as the annotations of autoscaling/v1 hold them, and as autoscaling/v2 has them. Fields may come out undefined:
 * they count as absent.
 */

export function metricSpecFromV2({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: MetricSpec): unknown {
  const share = (target: MetricTarget) => ({
    targetAverageUtilization: target.averageUtilization,
    targetAverageValue: target.averageValue,
  })
  return {
    type,
    object: object && {
      target: object.describedObject,
      metricName: object.metric.name,
      targetValue: object.target.value ?? '0',
      selector: object.metric.selector,
      averageValue: object.target.averageValue,
    },
    pods: pods && {
      metricName: pods.metric.name,
      targetAverageValue: pods.target.averageValue ?? '0',
      selector: pods.metric.selector,
    },
    resource: resource && { name: resource.name, ...share(resource.target) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...share(containerResource.target),
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      targetValue: external.target.value,
      targetAverageValue: external.target.averageValue,
    },
  }
}

export function metricSpecToV2(spec: unknown): MetricSpec {
  const { type, object, pods, resource, containerResource, external } = spec as SpecV1
  const share = (source: { targetAverageUtilization?: number; targetAverageValue?: string }) => ({
    type: source.targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization',
    averageUtilization: source.targetAverageUtilization,
    averageValue: source.targetAverageValue,
  })
  // A value that v1 cannot leave out.
  const objectValue =
    object?.averageValue !== undefined && object.targetValue === '0' ? undefined : object?.targetValue
  return {
    type,
    object: object && {
      describedObject: object.target,
      metric: { name: object.metricName, selector: object.selector },
      target: {
        type: object.averageValue === undefined ? 'Value' : 'AverageValue',
        value: objectValue,
        averageValue: object.averageValue,
      },
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue },
    },
    resource: resource && { name: resource.name, target: share(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      target: share(containerResource),
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      target: {
        type: external.targetValue === undefined ? 'AverageValue' : 'Value',
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      },
    },
  } as MetricSpec
}

export function metricStatusFromV2(status: MetricStatus): unknown {
  const { type, object, pods, resource, containerResource, external } = status
  const share = (current: { averageUtilization?: number; averageValue?: string }) => ({
    currentAverageUtilization: current.averageUtilization,
    currentAverageValue: current.averageValue ?? '0',
  })
  return {
    type,
    object: object && {
      target: object.describedObject,
      metricName: object.metric.name,
      currentValue: object.current.value ?? '0',
      selector: object.metric.selector,
      averageValue: object.current.averageValue,
    },
    pods: pods && {
      metricName: pods.metric.name,
      currentAverageValue: pods.current.averageValue ?? '0',
      selector: pods.metric.selector,
    },
    resource: resource && { name: resource.name, ...share(resource.current) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...share(containerResource.current),
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      currentValue: external.current.value ?? '0',
      currentAverageValue: external.current.averageValue,
    },
  }
}

export function metricStatusToV2(status: unknown): MetricStatus {
  const { type, object, pods, resource, containerResource, external } = status as StatusV1
  const share = (source: { currentAverageUtilization?: number; currentAverageValue?: string }) => ({
    averageUtilization: source.currentAverageUtilization,
    averageValue: source.currentAverageValue,
  })
  return {
    type,
    object: object && {
      describedObject: object.target,
      metric: { name: object.metricName, selector: object.selector },
      current: { value: object.currentValue, averageValue: object.averageValue },
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      current: { averageValue: pods.currentAverageValue },
    },
    resource: resource && { name: resource.name, current: share(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      current: share(containerResource),
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      current: { value: external.currentValue, averageValue: external.currentAverageValue },
    },
  } as MetricStatus
}
