import { deepEqual } from '../../json.ts'
import type {
  RollingUpdateStatefulSetStrategy,
  StatefulSet,
  StatefulSetPersistentVolumeClaimRetentionPolicy,
  StatefulSetSpec,
  StatefulSetStatus,
  StatefulSetUpdateStrategy,
} from '../../types/apps-v1.ts'
import type { PodTemplateSpec } from '../../types/core-v1.ts'
import { validateClaimSpec } from '../core/persistent-volume-claim.ts'
import { validatePodAnnotations } from '../core/pod-annotations.ts'
import { podOptions } from '../core/pod-options.ts'
import { validatePodTemplate } from '../core/pod-spec.ts'
import { Field } from '../field.ts'
import { isDns1123Label } from '../formats.ts'
import { numberOf, validateAtMost100Percent, validateIntOrPercent } from '../int-or-percent.ts'
import { isEmptySelector, validateLabels } from '../labels.ts'
import { validateAnnotations } from '../object-meta.ts'
import { namedIfSet, nonNegative } from '../rules.ts'
import type { Validator } from '../validator.ts'
import {
  isUsableSelector,
  validateCollisionCount,
  validateLongRunning,
  validatePodSelector,
  validateTemplateLabels,
} from './pod-controllers.ts'

type Spec = Partial<StatefulSetSpec>

function validateUpdateStrategy(strategy: StatefulSetUpdateStrategy = {}, field: Field): void {
  const { type, rollingUpdate } = strategy
  if (!type) {
    field.required()
  } else if (type === 'OnDelete') {
    if (rollingUpdate)
      field.at('rollingUpdate').invalid(rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")
  } else if (type === 'RollingUpdate') {
    if (rollingUpdate) validateRollingUpdate(rollingUpdate, field.at('rollingUpdate'))
  } else {
    field.invalid(strategy, "must be 'RollingUpdate' or 'OnDelete'")
  }
}

function validateRollingUpdate(
  { partition, maxUnavailable }: RollingUpdateStatefulSetStrategy,
  field: Field,
): void {
  nonNegative(partition, field.at('partition'))
  if (maxUnavailable === undefined) return
  const at = field.at('maxUnavailable')
  validateIntOrPercent(maxUnavailable, at)
  if (numberOf(maxUnavailable) === 0) at.invalid(maxUnavailable, 'cannot be 0')
  validateAtMost100Percent(maxUnavailable, at)
}

function validateRetentionPolicy(
  policy: StatefulSetPersistentVolumeClaimRetentionPolicy | undefined,
  field: Field,
): void {
  if (!policy) return
  const supported = ['Retain', 'Delete']
  for (const name of ['whenDeleted', 'whenScaled'] as const) {
    const value = policy[name] ?? ''
    if (!supported.includes(value)) field.at(name).notSupported(value, supported)
  }
}

/** The template as pods will be made from it: claims come as volumes, and names are the controller's to give. */
function effectiveTemplate({ template = {}, volumeClaimTemplates = [] }: Spec): PodTemplateSpec {
  if (!template.spec) return template
  const { hostname: _, subdomain: __, ...spec } = template.spec
  if (volumeClaimTemplates.length === 0) return { ...template, spec }
  const names = new Set(volumeClaimTemplates.map((claim) => claim.metadata?.name ?? ''))
  const claims = [...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }))
  const others = (spec.volumes ?? []).filter((volume) => !names.has(volume.name))
  return { ...template, spec: { ...spec, volumes: [...claims, ...others] } }
}

interface Options {
  old?: StatefulSetSpec
  /** The template was wrong before already. */
  skipTemplate?: boolean
}

function validateTemplate(spec: Spec, field: Field, { old, skipTemplate }: Options): void {
  const template = effectiveTemplate(spec)
  if (!spec.selector || !isEmptySelector(spec.selector))
    validateTemplateLabels(spec.selector, template, field)
  if (!skipTemplate) {
    validatePodTemplate(template, field, old?.template)
    return
  }
  const { metadata = {} } = template
  validateLabels(metadata.labels, field.at('labels'))
  validateAnnotations(metadata.annotations, field.at('annotations'))
  validatePodAnnotations(
    metadata,
    template.spec ?? { containers: [] },
    field.at('annotations'),
    podOptions(old?.template),
  )
}

function validateSpec(spec: Spec, field: Field, options: Options): void {
  const { podManagementPolicy: policy, selector } = spec
  if (!policy) field.at('podManagementPolicy').required()
  else if (policy !== 'OrderedReady' && policy !== 'Parallel')
    field.at('podManagementPolicy').invalid(policy, "must be 'OrderedReady' or 'Parallel'")
  validateUpdateStrategy(spec.updateStrategy, field.at('updateStrategy'))
  validateRetentionPolicy(
    spec.persistentVolumeClaimRetentionPolicy,
    field.at('persistentVolumeClaimRetentionPolicy'),
  )
  if (!options.old) {
    for (const [index, claim] of (spec.volumeClaimTemplates ?? []).entries())
      validateClaimSpec(claim.spec ?? {}, field.at('volumeClaimTemplates').index(index).at('spec'))
  }
  nonNegative(spec.replicas, field.at('replicas'))
  nonNegative(spec.minReadySeconds, field.at('minReadySeconds'))
  nonNegative(spec.ordinals?.start, field.at('ordinals.start'))
  if (!options.old) namedIfSet(spec.serviceName, isDns1123Label, field.at('serviceName'))
  validatePodSelector(selector, 'statefulset', field.at('selector'))
  if (isUsableSelector(selector)) validateTemplate(spec, field.at('template'), options)
  else field.at('selector').invalid(selector, '')
  validateLongRunning(spec.template, 'StatefulSet', field.at('template'))
}

const changeable = [
  'replicas',
  'template',
  'updateStrategy',
  'minReadySeconds',
  'ordinals',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
] as const

function fixedPart(spec: Spec = {}): Spec {
  const fixed = { ...spec }
  for (const name of changeable) delete fixed[name]
  return fixed
}

function validateUpdate(next: StatefulSet, old: StatefulSet, field: Field): void {
  const before = old.spec ?? ({} as StatefulSetSpec)
  const scratch = new Field([])
  validateSpec(before, scratch, { old: before })
  validateSpec(next.spec ?? {}, field, { old: before, skipTemplate: scratch.causes.length > 0 })
  if (!deepEqual(fixedPart(next.spec), fixedPart(old.spec))) {
    field.forbidden(
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    )
  }
}

const counts = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
] as const

function validateStatus(status: Partial<StatefulSetStatus> = {}, field: Field): void {
  for (const name of counts) nonNegative(status[name], field.at(name))
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status
  for (const name of ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const) {
    if ((status[name] ?? 0) > replicas)
      field.at(name).invalid(status[name], 'cannot be greater than status.replicas')
  }
  if (availableReplicas > readyReplicas)
    field.at('availableReplicas').invalid(availableReplicas, 'cannot be greater than status.readyReplicas')
}

export const statefulSets: Validator<StatefulSet> = {
  create: (object, field) => validateSpec(object.spec ?? {}, field.at('spec'), {}),
  update(next, old, subresource, field) {
    if (subresource === 'status') {
      validateStatus(next.status, field.at('status'))
      validateCollisionCount(next.status, old.status, field.at('status'))
    } else {
      validateUpdate(next, old, field.at('spec'))
    }
  },
}
