// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { LabelSelector, ListMeta, ObjectMeta } from './meta-v1.ts'

export interface CrossVersionObjectReference {
  kind: string
  name: string
  apiVersion?: string
}

export interface HorizontalPodAutoscalerSpec {
  scaleTargetRef: CrossVersionObjectReference
  minReplicas?: number
  maxReplicas: number
  targetCPUUtilizationPercentage?: number
}

export interface HorizontalPodAutoscalerStatus {
  observedGeneration?: number
  lastScaleTime?: string
  currentReplicas: number
  desiredReplicas: number
  currentCPUUtilizationPercentage?: number
}

export interface HorizontalPodAutoscaler {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec: HorizontalPodAutoscalerSpec
  status?: HorizontalPodAutoscalerStatus
}

export interface HorizontalPodAutoscalerList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: HorizontalPodAutoscaler[]
}

export interface Scale {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec?: ScaleSpec
  status?: ScaleStatus
}

export interface ScaleSpec {
  replicas?: number
}

export interface ScaleStatus {
  replicas: number
  selector?: string
}

export interface MetricSpec {
  type: string
  object?: ObjectMetricSource
  pods?: PodsMetricSource
  resource?: ResourceMetricSource
  containerResource?: ContainerResourceMetricSource
  external?: ExternalMetricSource
}

export interface ObjectMetricSource {
  target: CrossVersionObjectReference
  metricName: string
  targetValue: string
  selector?: LabelSelector
  averageValue?: string
}

export interface PodsMetricSource {
  metricName: string
  targetAverageValue: string
  selector?: LabelSelector
}

export interface ResourceMetricSource {
  name: string
  targetAverageUtilization?: number
  targetAverageValue?: string
}

export interface ContainerResourceMetricSource {
  name: string
  targetAverageUtilization?: number
  targetAverageValue?: string
  container: string
}

export interface ExternalMetricSource {
  metricName: string
  metricSelector?: LabelSelector
  targetValue?: string
  targetAverageValue?: string
}

export interface MetricStatus {
  type: string
  object?: ObjectMetricStatus
  pods?: PodsMetricStatus
  resource?: ResourceMetricStatus
  containerResource?: ContainerResourceMetricStatus
  external?: ExternalMetricStatus
}

export interface HorizontalPodAutoscalerCondition {
  type: string
  status: string
  lastTransitionTime?: string
  reason?: string
  message?: string
}

export interface ObjectMetricStatus {
  target: CrossVersionObjectReference
  metricName: string
  currentValue: string
  selector?: LabelSelector
  averageValue?: string
}

export interface PodsMetricStatus {
  metricName: string
  currentAverageValue: string
  selector?: LabelSelector
}

export interface ResourceMetricStatus {
  name: string
  currentAverageUtilization?: number
  currentAverageValue: string
}

export interface ContainerResourceMetricStatus {
  name: string
  currentAverageUtilization?: number
  currentAverageValue: string
  container: string
}

export interface ExternalMetricStatus {
  metricName: string
  metricSelector?: LabelSelector
  currentValue: string
  currentAverageValue?: string
}
