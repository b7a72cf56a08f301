import { labelMatcher } from '../../label-selector.ts'
import type { Job, JobSpec } from '../../types/batch-v1.ts'
import type { Affinity, Container, PodSpec, PodTemplateSpec } from '../../types/core-v1.ts'
import { isUsableSelector, validateTemplateLabels } from '../apps/pod-controllers.ts'
import type { Field } from '../field.ts'
import { isDns1123Label } from '../formats.ts'
import { validateImmutable } from '../immutable.ts'
import { hasInvalidLabelValue, validateLabelSelector } from '../labels.ts'
import type { Validator } from '../validator.ts'
import { validateJobSpecCommon } from './job-spec.ts'
import { validateJobStatusUpdate } from './job-status.ts'

const prefix = 'batch.kubernetes.io/'

function hasPrefixedLabels({ spec }: Job): boolean {
  const labels = spec?.template?.metadata?.labels ?? {}
  return `${prefix}job-name` in labels && `${prefix}controller-uid` in labels
}

/** Labels and selector that the server gave to the job, so that no other job has the same pods. */
function validateGeneratedSelector(job: Job, prefixed: boolean, field: Field): void {
  const { metadata, spec } = job
  if (spec?.manualSelector || !spec?.selector) return
  const { uid = '', name = '' } = metadata
  if (!uid) field.at('metadata', 'uid').required()
  const expected: Record<string, string> = { 'controller-uid': uid, 'job-name': name }
  if (prefixed) Object.assign(expected, { [`${prefix}controller-uid`]: uid, [`${prefix}job-name`]: name })
  const at = field.at('spec', 'template', 'metadata', 'labels')
  const labels = spec.template?.metadata?.labels
  for (const [key, value] of Object.entries(expected)) {
    if (labels?.[key] === undefined) at.key(key).required(`must be '${value}'`)
    else if (labels[key] !== value) at.key(key).invalid(labels, `must be '${value}'`)
  }
  if (isUsableSelector(spec.selector) && !labelMatcher(spec.selector)(expected))
    field.at('spec', 'selector').invalid(spec.selector, '`selector` not auto-generated')
}

function validateJob(job: Job, field: Field, old?: Job): void {
  validateGeneratedSelector(job, !old || hasPrefixedLabels(old), field)
  const spec: Partial<JobSpec> = job.spec ?? {}
  const at = field.at('spec')
  validateJobSpecCommon(spec, at, old?.spec?.template)
  const options = { allowInvalidValues: hasInvalidLabelValue(old?.spec?.selector) }
  if (spec.selector) validateLabelSelector(spec.selector, at.at('selector'), options)
  else at.at('selector').required()
  if (isUsableSelector(spec.selector, options))
    validateTemplateLabels(spec.selector, spec.template, at.at('template'))
  if (spec.completionMode === 'Indexed' && (spec.completions ?? 0) > 0) {
    // Pods of indexed jobs are called so.
    const hostname = `${job.metadata.name}-${(spec.completions ?? 0) - 1}`
    if (isDns1123Label(hostname).length > 0) {
      field
        .at('metadata', 'name')
        .invalid(job.metadata.name, `will not able to create pod with invalid DNS label: ${hostname}`)
    }
  }
}

/** Where a job that is held runs may be changed, as long as no pod of it is there. */
function isTemplateMutable({ spec, status }: Job): boolean {
  const suspended = (status?.conditions ?? []).some(
    ({ type, status }) => type === 'Suspended' && status === 'True',
  )
  return Boolean(spec?.suspend) && (!status?.startTime || suspended) && !status?.active
}

/** The old template with the new one's scheduling directives. */
function withDirectives(old: PodTemplateSpec, next: PodTemplateSpec): PodTemplateSpec {
  const spec: PodSpec = { ...(old.spec ?? { containers: [] }) }
  const given = next.spec
  for (const name of ['nodeSelector', 'tolerations', 'schedulingGates'] as const)
    Object.assign(spec, { [name]: given?.[name] })
  const affinity: Affinity = { ...spec.affinity, nodeAffinity: given?.affinity?.nodeAffinity }
  const isEmpty = Object.values(affinity).every((part) => part === undefined)
  spec.affinity = given?.affinity || !isEmpty ? affinity : undefined
  const { annotations, labels } = next.metadata ?? {}
  return { ...old, metadata: { ...old.metadata, annotations, labels }, spec }
}

/** The old containers with the new ones' resources, where they are still the same. */
function withResources(old: Container[] = [], next: Container[] = []): Container[] {
  if (old.length !== next.length) return old
  return old.map((container, index) => {
    const now = next[index]
    return now?.name === container.name ? { ...container, resources: now.resources } : container
  })
}

function validateTemplateUpdate(next: Job, old: Job, field: Field): void {
  const template = next.spec?.template ?? {}
  let before = old.spec?.template ?? {}
  if (!isTemplateMutable(old)) {
    validateImmutable(template, before, field.at('template'))
    return
  }
  before = withDirectives(before, template)
  const expected = {
    ...before.spec,
    containers: withResources(before.spec?.containers, template.spec?.containers),
    ...(before.spec?.initContainers && {
      initContainers: withResources(before.spec.initContainers, template.spec?.initContainers),
    }),
  }
  validateImmutable(template.spec, expected, field.at('template.spec'))
}

function validateSpecUpdate(next: Job, old: Job, field: Field): void {
  const now: Partial<JobSpec> = next.spec ?? {}
  const before: Partial<JobSpec> = old.spec ?? {}
  const completions = field.at('completions')
  if (now.completionMode !== 'Indexed') {
    validateImmutable(now.completions, before.completions, completions)
  } else if (
    now.completions !== undefined &&
    now.completions !== before.completions &&
    now.completions !== now.parallelism
  ) {
    completions.invalid(now.completions, 'can only be modified in tandem with spec.parallelism')
  }
  validateImmutable(now.selector, before.selector, field.at('selector'))
  validateTemplateUpdate(next, old, field)
  for (const name of [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const) {
    validateImmutable(now[name], before[name], field.at(name))
  }
}

export const jobs: Validator<Job> = {
  create: (job, field) => validateJob(job, field),
  update(next, old, subresource, field) {
    if (subresource === 'status') {
      validateJobStatusUpdate(next, old, field.at('status'))
      return
    }
    validateJob(next, field, old)
    validateSpecUpdate(next, old, field.at('spec'))
  },
}
