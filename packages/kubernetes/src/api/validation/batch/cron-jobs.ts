import { parseCronSchedule } from '../../cron/cron-schedule.ts'
import type { CronJob, CronJobSpec, JobTemplateSpec } from '../../types/batch-v1.ts'
import type { PodTemplateSpec } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { nonNegative, oneOf } from '../rules.ts'
import type { Validator } from '../validator.ts'
import { validateJobSpecCommon } from './job-spec.ts'

/** The jobs' names have eleven characters more. */
const longestName = 52

function validateSchedule({ schedule, timeZone }: CronJobSpec, field: Field, old?: CronJobSpec): void {
  if (!schedule) {
    field.required()
    return
  }
  try {
    parseCronSchedule(schedule)
  } catch (error) {
    field.invalid(schedule, (error as Error).message)
  }
  if (!schedule.includes('TZ')) return
  // Schedules with a zone of their own are from before there was a field for it.
  if (!old?.schedule.includes('TZ'))
    field.invalid(schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')
  else if (timeZone !== undefined)
    field.invalid(schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule')
}

function validateTimeZone(zone: string, field: Field): void {
  if (!zone) {
    field.invalid(zone, 'timeZone must be nil or non-empty string')
  } else if (zone.toLowerCase() === 'local') {
    field.invalid(
      zone,
      'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    )
  } else if (!isTimeZone(zone)) {
    field.invalid(zone, `unknown time zone ${zone}`)
  }
}

function isTimeZone(zone: string): boolean {
  // Offsets such as `+01`, which Intl takes, are no names of zones.
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

function validateJobTemplate(
  { spec = {} as never }: JobTemplateSpec,
  field: Field,
  old?: PodTemplateSpec,
): void {
  validateJobSpecCommon(spec, field, old)
  if (spec.selector) field.at('selector').invalid(spec.selector, '`selector` will be auto-generated')
  if (spec.manualSelector) field.at('manualSelector').notSupported(true, ['nil', 'false'])
}

function validateSpec(spec: CronJobSpec, field: Field, old?: CronJobSpec): void {
  validateSchedule(spec, field.at('schedule'), old)
  nonNegative(spec.startingDeadlineSeconds, field.at('startingDeadlineSeconds'))
  if (spec.timeZone !== undefined && spec.timeZone !== old?.timeZone)
    validateTimeZone(spec.timeZone, field.at('timeZone'))
  oneOf(spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'], field.at('concurrencyPolicy'))
  validateJobTemplate(
    spec.jobTemplate ?? {},
    field.at('jobTemplate', 'spec'),
    old?.jobTemplate?.spec?.template,
  )
  nonNegative(spec.successfulJobsHistoryLimit, field.at('successfulJobsHistoryLimit'))
  nonNegative(spec.failedJobsHistoryLimit, field.at('failedJobsHistoryLimit'))
}

export const cronJobs: Validator<CronJob> = {
  create({ metadata, spec }, field) {
    validateSpec(spec ?? {}, field.at('spec'))
    if ((metadata.name ?? '').length > longestName)
      field.at('metadata', 'name').invalid(metadata.name, `must be no more than ${longestName} characters`)
  },
  update(next, old, subresource, field) {
    if (subresource !== 'status') validateSpec(next.spec, field.at('spec'), old.spec)
  },
}
