import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../types/apps-v1.ts'
import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../types/autoscaling-v1.ts'
import type { HorizontalPodAutoscaler, HPAScalingRules } from '../types/autoscaling-v2.ts'
import type { CronJob, Job, PodFailurePolicyOnPodConditionsPattern } from '../types/batch-v1.ts'
import type { StructDefaults } from './struct-defaults.ts'

export const appsDefaults: StructDefaults = {
  Deployment({ spec }: Deployment) {
    if (!spec) return
    spec.replicas ??= 1
    spec.strategy ??= {}
    spec.strategy.type ??= 'RollingUpdate'
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate = { maxUnavailable: '25%', maxSurge: '25%', ...spec.strategy.rollingUpdate }
    }
    spec.revisionHistoryLimit ??= 10
    spec.progressDeadlineSeconds ??= 600
  },
  DaemonSet({ spec }: DaemonSet) {
    if (!spec) return
    spec.updateStrategy ??= {}
    spec.updateStrategy.type ??= 'RollingUpdate'
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate = {
        maxUnavailable: 1,
        maxSurge: 0,
        ...spec.updateStrategy.rollingUpdate,
      }
    }
    spec.revisionHistoryLimit ??= 10
  },
  StatefulSet({ spec }: StatefulSet) {
    if (!spec) return
    spec.podManagementPolicy ??= 'OrderedReady'
    spec.updateStrategy ??= {}
    const strategy = spec.updateStrategy
    if (strategy.type === undefined) {
      strategy.type = 'RollingUpdate'
      strategy.rollingUpdate ??= {}
    }
    if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0
    const retention = spec.persistentVolumeClaimRetentionPolicy
    spec.persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Retain', whenScaled: 'Retain', ...retention }
    spec.replicas ??= 1
    spec.revisionHistoryLimit ??= 10
    for (const template of spec.volumeClaimTemplates ?? []) {
      template.apiVersion = 'v1'
      template.kind = 'PersistentVolumeClaim'
    }
  },
  ReplicaSet({ spec }: ReplicaSet) {
    if (spec) spec.replicas ??= 1
  },
}

export const batchDefaults: StructDefaults = {
  Job({ metadata, spec }: Job) {
    if (!spec) return
    if (spec.parallelism === undefined) spec.completions ??= 1
    spec.parallelism ??= 1
    spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2147483647
    const labels = spec.template?.metadata?.labels
    if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels }
    spec.completionMode ??= 'NonIndexed'
    spec.suspend ??= false
    spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
    spec.manualSelector ??= false
  },
  CronJob({ spec }: CronJob) {
    if (!spec) return
    spec.concurrencyPolicy ??= 'Allow'
    spec.suspend ??= false
    spec.successfulJobsHistoryLimit ??= 3
    spec.failedJobsHistoryLimit ??= 1
  },
  PodFailurePolicyOnPodConditionsPattern(pattern: PodFailurePolicyOnPodConditionsPattern) {
    pattern.status ||= 'True'
  },
}

const scaleUp: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
}
const scaleDown: HPAScalingRules = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
}

export const autoscalingV1Defaults: StructDefaults = {
  HorizontalPodAutoscaler({ spec }: AutoscalerV1) {
    if (!spec) return
    spec.minReplicas ??= 1
  },
}

export const autoscalingV2Defaults: StructDefaults = {
  HorizontalPodAutoscaler({ spec }: HorizontalPodAutoscaler) {
    if (!spec) return
    spec.minReplicas ??= 1
    if (!spec.metrics?.length) {
      const target = { type: 'Utilization', averageUtilization: 80 }
      spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }]
    }
    if (!spec.behavior) return
    spec.behavior.scaleUp = { ...structuredClone(scaleUp), ...spec.behavior.scaleUp }
    spec.behavior.scaleDown = { ...structuredClone(scaleDown), ...spec.behavior.scaleDown }
  },
}
