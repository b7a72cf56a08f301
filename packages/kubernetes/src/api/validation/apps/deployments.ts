import type {
  Deployment,
  DeploymentSpec,
  DeploymentStatus,
  DeploymentStrategy,
  ReplicaSet,
  ReplicaSetSpec,
  RollingUpdateDeployment,
} from '../../types/apps-v1.ts'
import type { PodTemplateSpec } from '../../types/core-v1.ts'
import type { LabelSelector } from '../../types/meta-v1.ts'
import { validatePodTemplate } from '../core/pod-spec.ts'
import { validateReplicaStatus } from '../core/replication-controllers.ts'
import type { Field } from '../field.ts'
import { validateImmutable } from '../immutable.ts'
import { numberOf, validateAtMost100Percent, validateIntOrPercent } from '../int-or-percent.ts'
import { isEmptySelector } from '../labels.ts'
import { nonNegative } from '../rules.ts'
import type { Validator } from '../validator.ts'
import {
  isUsableSelector,
  validateCollisionCount,
  validateLongRunning,
  validatePodSelector,
  validateTemplateLabels,
} from './pod-controllers.ts'

interface Pods {
  selector?: LabelSelector
  template?: PodTemplateSpec
}

/** What deployments and replica sets say about their pods: upstream's words are the same for both. */
function validatePods({ selector, template }: Pods, field: Field, old?: PodTemplateSpec): void {
  validatePodSelector(selector, 'deployment', field.at('selector'))
  if (!isUsableSelector(selector)) {
    field.at('selector').invalid(selector, 'invalid label selector')
    return
  }
  const at = field.at('template')
  if (!selector || !isEmptySelector(selector)) validateTemplateLabels(selector, template, at)
  validatePodTemplate(template, at, old)
  validateLongRunning(template, 'ReplicaSet', at)
}

function validateStrategy(strategy: DeploymentStrategy = {}, field: Field): void {
  const { type, rollingUpdate } = strategy
  const at = field.at('rollingUpdate')
  if (type === 'Recreate') {
    if (rollingUpdate) at.forbidden("may not be specified when strategy `type` is 'Recreate'")
  } else if (type !== 'RollingUpdate') {
    field.notSupported(strategy, ['Recreate', 'RollingUpdate'])
  } else if (rollingUpdate) {
    validateRollingUpdate(rollingUpdate, at)
  } else {
    at.required('this should be defaulted and never be nil')
  }
}

function validateRollingUpdate({ maxUnavailable, maxSurge }: RollingUpdateDeployment, field: Field): void {
  validateIntOrPercent(maxUnavailable, field.at('maxUnavailable'))
  validateIntOrPercent(maxSurge, field.at('maxSurge'))
  if (numberOf(maxUnavailable) === 0 && numberOf(maxSurge) === 0)
    field.at('maxUnavailable').invalid(maxUnavailable, 'may not be 0 when `maxSurge` is 0')
  validateAtMost100Percent(maxUnavailable, field.at('maxUnavailable'))
}

function validateSpec(spec: Partial<DeploymentSpec>, field: Field, old?: DeploymentSpec): void {
  nonNegative(spec.replicas, field.at('replicas'))
  validatePods(spec, field, old?.template)
  validateStrategy(spec.strategy, field.at('strategy'))
  nonNegative(spec.minReadySeconds, field.at('minReadySeconds'))
  nonNegative(spec.revisionHistoryLimit, field.at('revisionHistoryLimit'))
  const deadline = spec.progressDeadlineSeconds
  nonNegative(deadline, field.at('progressDeadlineSeconds'))
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0))
    field.at('progressDeadlineSeconds').invalid(deadline, 'must be greater than minReadySeconds')
}

const counts = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
] as const

function validateStatus(status: DeploymentStatus = {}, field: Field): void {
  for (const name of counts) nonNegative(status[name], field.at(name))
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status
  for (const name of ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    if ((status[name] ?? 0) > replicas)
      field.at(name).invalid(status[name], 'cannot be greater than status.replicas')
  }
  if (availableReplicas > readyReplicas)
    field.at('availableReplicas').invalid(availableReplicas, 'cannot be greater than readyReplicas')
}

export const deployments: Validator<Deployment> = {
  create: ({ spec = {} as DeploymentSpec }, field) => validateSpec(spec, field.at('spec')),
  update(next, old, subresource, field) {
    if (subresource === 'status') {
      validateStatus(next.status, field.at('status'))
      validateCollisionCount(next.status, old.status, field.at('status'))
      return
    }
    const at = field.at('spec')
    validateSpec(next.spec ?? {}, at, old.spec)
    validateImmutable(next.spec?.selector, old.spec?.selector, at.at('selector'))
  },
}

function validateReplicaSetSpec(spec: Partial<ReplicaSetSpec>, field: Field, old?: ReplicaSetSpec): void {
  nonNegative(spec.replicas, field.at('replicas'))
  nonNegative(spec.minReadySeconds, field.at('minReadySeconds'))
  validatePods(spec, field, old?.template)
}

export const replicaSets: Validator<ReplicaSet> = {
  create: ({ spec = {} as ReplicaSetSpec }, field) => validateReplicaSetSpec(spec, field.at('spec')),
  update(next, old, subresource, field) {
    if (subresource === 'status') {
      const at = field.at('status')
      validateReplicaStatus(next.status, at)
      nonNegative(next.status?.terminatingReplicas, at.at('terminatingReplicas'))
      return
    }
    const at = field.at('spec')
    validateReplicaSetSpec(next.spec ?? {}, at, old.spec)
    validateImmutable(next.spec?.selector, old.spec?.selector, at.at('selector'))
  },
}
