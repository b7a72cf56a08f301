import type { JobSpec } from '../../types/batch-v1.ts'
import type { PodTemplateSpec } from '../../types/core-v1.ts'
import { validatePodTemplate } from '../core/pod-spec.ts'
import type { Field } from '../field.ts'
import { domainPrefixedPath, nonNegative, oneOfIfSet } from '../rules.ts'
import { validateFailurePolicy, validateSuccessPolicy } from './job-policies.ts'

const mostParallel = 100_000
const mostFailedIndexes = 100_000
/** Above these many completions, limits per index take more room. */
const manyCompletions = 100_000
const mostOfMany = 10_000
const longestManagedBy = 63
const notAbove = 'must be less than or equal to'

/** Rules of a job's spec but for its selector: cron jobs have none. `old` is the template it had before. */
export function validateJobSpecCommon(spec: Partial<JobSpec>, field: Field, old?: PodTemplateSpec): void {
  validateNumbers(spec, field)
  if (spec.managedBy !== undefined) {
    domainPrefixedPath(spec.managedBy, field.at('managedBy'))
    if (spec.managedBy.length > longestManagedBy) field.at('managedBy').tooLong(longestManagedBy)
  }
  oneOfIfSet(spec.completionMode, ['NonIndexed', 'Indexed'], field.at('completionMode'))
  if (spec.completionMode === 'Indexed') validateIndexed(spec, field)
  else if ((spec.completionMode ?? 'NonIndexed') === 'NonIndexed') validateNonIndexed(spec, field)
  validateFailurePolicy(spec, field.at('podFailurePolicy'))
  validateSuccessPolicy(spec, field.at('successPolicy'))
  oneOfIfSet(
    spec.podReplacementPolicy,
    spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'],
    field.at('podReplacementPolicy'),
  )
  validatePodTemplate(spec.template, field.at('template'), old)
  validateRestartPolicy(spec, field.at('template', 'spec', 'restartPolicy'))
}

function validateNumbers(spec: Partial<JobSpec>, field: Field): void {
  for (const name of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    nonNegative(spec[name], field.at(name))
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    field.at('backoffLimitPerIndex').required('when maxFailedIndexes is specified')
}

function validateIndexed(spec: Partial<JobSpec>, field: Field): void {
  const { completions, parallelism = 0, maxFailedIndexes } = spec
  const failed = field.at('maxFailedIndexes')
  const parallel = field.at('parallelism')
  if (completions === undefined) field.at('completions').required('when completion mode is Indexed')
  if (parallelism > mostParallel)
    parallel.invalid(parallelism, `${notAbove} ${mostParallel} when completion mode is Indexed`)
  if (maxFailedIndexes !== undefined) {
    if (completions !== undefined && maxFailedIndexes > completions)
      failed.invalid(maxFailedIndexes, `${notAbove} completions`)
    if (maxFailedIndexes > mostFailedIndexes)
      failed.invalid(maxFailedIndexes, `${notAbove} ${mostFailedIndexes}`)
  }
  if ((completions ?? 0) <= manyCompletions || spec.backoffLimitPerIndex === undefined) return
  const limit = `${notAbove} ${mostOfMany} when completions are above ${manyCompletions} and used with backoff limit per index`
  if (maxFailedIndexes === undefined)
    failed.required(`must be specified when completions is above ${manyCompletions}`)
  if (parallelism > mostOfMany) parallel.invalid(parallelism, limit)
  if ((maxFailedIndexes ?? 0) > mostOfMany) failed.invalid(maxFailedIndexes, limit)
}

function validateNonIndexed(spec: Partial<JobSpec>, field: Field): void {
  for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
    if (spec[name] !== undefined) field.at(name).invalid(spec[name], 'requires indexed completion mode')
  }
}

function validateRestartPolicy(spec: Partial<JobSpec>, field: Field): void {
  const policy = spec.template?.spec?.restartPolicy ?? ''
  if (policy === '' || policy === 'Always') field.required('valid values: "OnFailure", "Never"')
  else if (policy !== 'OnFailure' && policy !== 'Never') field.notSupported(policy, ['OnFailure', 'Never'])
  else if (spec.podFailurePolicy && policy !== 'Never')
    field.invalid(policy, 'only "Never" is supported when podFailurePolicy is specified')
}
