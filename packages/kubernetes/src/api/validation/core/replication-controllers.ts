import type { PodTemplateSpec, ReplicationController } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { nonNegative } from '../rules.ts'
import type { Validator } from '../validator.ts'
import { validatePodTemplate } from './pod-spec.ts'

function validateSpec({ spec }: ReplicationController, field: Field, old?: PodTemplateSpec): void {
  nonNegative(spec?.minReadySeconds, field.at('minReadySeconds'))
  const selector = spec?.selector ?? {}
  if (Object.keys(selector).length === 0) field.at('selector').required()
  if (spec?.replicas === undefined) field.at('replicas').required()
  nonNegative(spec?.replicas, field.at('replicas'))
  const template = spec?.template
  const at = field.at('template')
  if (!template) {
    at.required()
    return
  }
  const labels = template.metadata?.labels ?? {}
  if (Object.entries(selector).some(([key, value]) => labels[key] !== value))
    at.at('metadata', 'labels').invalid(labels, '`selector` does not match template `labels`')
  validatePodTemplate(template, at, old)
  if (template.spec?.restartPolicy !== 'Always')
    at.at('spec', 'restartPolicy').notSupported(template.spec?.restartPolicy ?? '', ['Always'])
  if (template.spec?.activeDeadlineSeconds !== undefined)
    at.at('spec', 'activeDeadlineSeconds').forbidden(
      'activeDeadlineSeconds in ReplicationController is not Supported',
    )
}

interface ReplicaCounts {
  replicas?: number
  fullyLabeledReplicas?: number
  readyReplicas?: number
  availableReplicas?: number
  observedGeneration?: number
}

/** Counts of replica sets and controllers fit together. */
export function validateReplicaStatus(status: ReplicaCounts = {}, field: Field): void {
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status
  const names = [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'observedGeneration',
  ] as const
  for (const name of names) nonNegative(status[name], field.at(name))
  for (const name of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const)
    if ((status[name] ?? 0) > replicas)
      field.at(name).invalid(status[name], 'cannot be greater than status.replicas')
  if (availableReplicas > readyReplicas)
    field.at('availableReplicas').invalid(availableReplicas, 'cannot be greater than readyReplicas')
}

export const replicationControllers: Validator<ReplicationController> = {
  create: (controller, field) => validateSpec(controller, field.at('spec')),
  update(next, old, subresource, field) {
    if (subresource === 'status') validateReplicaStatus(next.status, field.at('status'))
    else validateSpec(next, field.at('spec'), old.spec?.template)
  },
}
