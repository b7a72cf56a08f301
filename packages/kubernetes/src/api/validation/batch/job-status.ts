import { deepEqual } from '../../json.ts'
import type { Job, JobSpec, JobStatus } from '../../types/batch-v1.ts'
import type { Field } from '../field.ts'
import { nonNegative } from '../rules.ts'
import { firstOverlap } from './index-list.ts'
import { validateIndexes, validateUncounted } from './job-policies.ts'

/** What a status says about how far the job is. */
interface Stage {
  complete: boolean
  failed: boolean
  finished: boolean
  failing: boolean
  succeeding: boolean
}

function has({ status }: Job, type: string, value = 'True'): boolean {
  return (status?.conditions ?? []).some((each) => each.type === type && each.status === value)
}

function stageOf(job: Job): Stage {
  const complete = has(job, 'Complete')
  const failed = has(job, 'Failed')
  return {
    complete,
    failed,
    finished: complete || failed,
    failing: has(job, 'FailureTarget'),
    succeeding: has(job, 'SuccessCriteriaMet'),
  }
}

/**
 * A change of a job's status. Most rules only look when what they are about changes: what a change of the spec made wrong
 * is the controller's to put right, and must not stop it.
 */
export function validateJobStatusUpdate(next: Job, old: Job, field: Field): void {
  validateCounts(next.status ?? {}, field)
  const change = { next, old, now: stageOf(next), before: stageOf(old) }
  validateConditions(change, field.at('conditions'))
  validateTimes(change, field)
  validatePodCounts(change, field)
  validateIndexLists(change, field)
  validateTransitions(change, field)
}

interface Change {
  next: Job
  old: Job
  now: Stage
  before: Stage
}

function changed({ next, old }: Change, ...names: (keyof JobStatus)[]): boolean {
  return names.some((name) => !deepEqual(next.status?.[name] ?? null, old.status?.[name] ?? null))
}

function stageChanged({ now, before }: Change, ...names: (keyof Stage)[]): boolean {
  return names.some((name) => now[name] !== before[name])
}

function validateCounts(status: JobStatus, field: Field): void {
  for (const name of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const)
    nonNegative(status[name], field.at(name))
  validateUncounted(status.uncountedTerminatedPods, field.at('uncountedTerminatedPods'))
}

function validateConditions(change: Change, field: Field): void {
  const { next, now } = change
  const { complete, failed, failing, succeeding } = now
  if (complete && failed && stageChanged(change, 'complete', 'failed'))
    field.invalidAsWhole('cannot set Complete=True and Failed=true conditions')
  if (complete && failing && stageChanged(change, 'complete', 'failing'))
    field.invalidAsWhole('cannot set Complete=True and FailureTarget=true conditions')
  if (failed && !failing && (stageChanged(change, 'failed') || changed(change, 'failedIndexes')))
    field.invalidAsWhole('cannot set Failed=True condition without the FailureTarget=true condition')
  if (complete && !succeeding && stageChanged(change, 'complete', 'succeeding'))
    field.invalidAsWhole('cannot set Complete=True condition without the SuccessCriteriaMet=true condition')
  if (succeeding && failed)
    field.invalidAsWhole('cannot set SuccessCriteriaMet=True and Failed=true conditions')
  if (succeeding && failing)
    field.invalidAsWhole('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions')
  if (next.spec?.successPolicy && !succeeding && complete) {
    field.invalidAsWhole('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True')
  }
}

function validateTimes(change: Change, field: Field): void {
  const { next, old, now } = change
  const { startTime, completionTime } = next.status ?? {}
  const end = field.at('completionTime')
  if (stageChanged(change, 'complete') || changed(change, 'completionTime')) {
    if (completionTime && !now.complete)
      end.invalid(completionTime, 'cannot set completionTime when there is no Complete=True condition')
    if (!completionTime && now.complete) end.required('completionTime is required for Complete jobs')
  }
  if (startTime && completionTime && changed(change, 'startTime', 'completionTime')) {
    if (Date.parse(completionTime) < Date.parse(startTime))
      end.invalid(completionTime, 'must be equal to or after `startTime`')
  }
  if (!startTime && now.finished && (stageChanged(change, 'finished') || changed(change, 'startTime'))) {
    if (!(next.spec?.suspend && next.spec.completions === 0))
      field.at('startTime').required('startTime is required for finished job')
  }
  if (completionTime && old.status?.completionTime && completionTime !== old.status.completionTime)
    end.invalid(completionTime, 'field is immutable')
  const resumes = has(old, 'Suspended') && has(next, 'Suspended', 'False')
  if (old.status?.startTime && changed(change, 'startTime') && !resumes && !next.spec?.suspend)
    field.at('startTime').invalid(startTime, 'field is immutable for unsuspended job once set')
}

function validatePodCounts(change: Change, field: Field): void {
  const {
    active = 0,
    ready = 0,
    terminating = 0,
    uncountedTerminatedPods: uncounted,
  } = change.next.status ?? {}
  const { finished } = change.now
  const ends = stageChanged(change, 'finished')
  if (finished && active > 0 && (ends || changed(change, 'active')))
    field.at('active').invalid(active, 'active>0 is invalid for finished job')
  const uncountedPods = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0)
  if (finished && uncountedPods > 0 && (ends || changed(change, 'uncountedTerminatedPods')))
    field.at('uncountedTerminatedPods').invalid(uncounted, 'must be empty for finished job')
  if (finished && terminating > 0 && (ends || changed(change, 'terminating')))
    field.at('terminating').invalid(terminating, 'terminating>0 is invalid for finished job')
  if (ready > active && changed(change, 'ready', 'active'))
    field.at('ready').invalid(ready, 'cannot set more ready pods than active')
}

function validateIndexLists(change: Change, field: Field): void {
  const spec: Partial<JobSpec> = change.next.spec ?? {}
  const { completedIndexes = '', failedIndexes } = change.next.status ?? {}
  const { completions, backoffLimitPerIndex } = spec
  const completed = field.at('completedIndexes')
  const failed = field.at('failedIndexes')
  if (changed(change, 'completedIndexes')) {
    if (completions !== undefined)
      validateIndexes(completedIndexes, completions, 'completedIndexes', completed)
    if (completedIndexes && spec.completionMode !== 'Indexed') {
      completed.invalid(
        completedIndexes,
        'cannot set non-empty completedIndexes when non-indexed completion mode',
      )
    }
  }
  if (failedIndexes === undefined) return
  if (changed(change, 'failedIndexes')) {
    if (backoffLimitPerIndex === undefined)
      failed.invalid(failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null')
    else if (completions !== undefined) validateIndexes(failedIndexes, completions, 'failedIndexes', failed)
  }
  if (completions !== undefined && changed(change, 'failedIndexes', 'completedIndexes')) {
    const index = firstOverlap(completedIndexes, failedIndexes, completions)
    if (index !== undefined)
      failed.invalid(failedIndexes, `failedIndexes and completedIndexes overlap at index: ${index}`)
  }
}

/** What never goes back. */
function validateTransitions({ next, old, now, before }: Change, field: Field): void {
  const conditions = field.at('conditions')
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (has(old, type) && !has(next, type))
      conditions.invalidAsWhole(`cannot disable the terminal ${type}=True condition`)
  }
  const { failed = 0, succeeded = 0 } = next.status ?? {}
  if (failed < (old.status?.failed ?? 0))
    field.at('failed').invalid(failed, 'cannot decrease the failed counter')
  // Indexed jobs with as many completions as pods may be made smaller.
  const shrinks = next.spec?.completionMode === 'Indexed' && next.spec.completions === next.spec.parallelism
  if (!shrinks && succeeded < (old.status?.succeeded ?? 0))
    field.at('succeeded').invalid(succeeded, 'cannot decrease the succeeded counter')
  if (before.succeeding && !now.succeeding)
    conditions.invalidAsWhole('cannot disable the SuccessCriteriaMet=True condition')
  if (before.complete && !before.succeeding && now.succeeding) {
    conditions.invalidAsWhole(
      'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions',
    )
  }
}
