import type { CronSchedule } from '../../api/cron/cron-schedule.ts'
import { parseTime } from '../../api/time.ts'
import type { CronJob } from '../../api/types/batch-v1.ts'

/** Timers may be early; the job is not to be. */
const marginMs = 100

interface Recent {
  /** What schedule times are counted from. */
  earliest: number
  /** The last time that has come since then. */
  time?: number
  missed: 'none' | 'few' | 'many'
}

/** The schedule time that a job is due for, if there is one; `tooMany` when more than a hundred were missed. */
export function dueTime(
  job: CronJob,
  now: number,
  schedule: CronSchedule,
): { time?: number; tooMany: boolean } {
  const { time, missed } = mostRecent(job, now, schedule, true)
  return { ...(time !== undefined && { time }), tooMany: missed === 'many' && time !== undefined }
}

/** Milliseconds until the next schedule time; undefined when there will be none. */
export function untilNext(job: CronJob, now: number, schedule: CronSchedule): number | undefined {
  const { earliest, time, missed } = mostRecent(job, now, schedule, false)
  const from = time ?? (missed === 'none' ? earliest : now)
  const next = schedule.next(from)
  return next === undefined ? undefined : next + marginMs - now
}

function mostRecent(
  { metadata, spec, status }: CronJob,
  now: number,
  schedule: CronSchedule,
  withDeadline: boolean,
): Recent {
  let earliest = parseTime(status?.lastScheduleTime) ?? parseTime(metadata.creationTimestamp) ?? now
  const deadline = spec?.startingDeadlineSeconds
  if (withDeadline && deadline !== undefined) earliest = Math.max(earliest, now - deadline * 1000)
  const first = schedule.next(earliest)
  if (first === undefined || now < first) return { earliest, missed: 'none' }
  const second = schedule.next(first)
  if (second === undefined || now < second) return { earliest, time: first, missed: 'none' }
  const between = Math.round((second - first) / 1000)
  const count = Math.floor((now - first) / 1000 / between) + 1
  // A leap to shortly before now: a schedule of every minute may have been asleep for a year.
  let time: number | undefined
  for (
    let next = schedule.next(first + (count - 2) * between * 1000);
    next !== undefined && next <= now;
    next = schedule.next(next)
  ) {
    time = next
  }
  return { earliest, ...(time !== undefined && { time }), missed: count > 100 ? 'many' : 'few' }
}
