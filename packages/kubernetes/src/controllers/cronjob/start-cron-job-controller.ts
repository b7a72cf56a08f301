import { isReason } from '../../api/api-error.ts'
import { type CronSchedule, parseCronSchedule } from '../../api/cron/cron-schedule.ts'
import { timeZone } from '../../api/cron/zoned-time.ts'
import { cloneJson, deepEqual } from '../../api/json.ts'
import { parseTime, toTime } from '../../api/time.ts'
import type { CronJob, CronJobSpec, CronJobStatus, Job } from '../../api/types/batch-v1.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/event-recorder.ts'
import { splitKey } from '../../client/informer.ts'
import { controllerOf, controllerRef, isControlledBy } from '../../client/owner-reference.ts'
import { cronJobs, jobs } from '../../client/resources.ts'
import { errorMessage, isNamespaceTerminating } from '../common/errors.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { conditionTrue } from '../job/job-conditions.ts'
import { isFinished } from '../job/job-pods.ts'
import { dueTime, untilNext } from './schedule-times.ts'

type OwnCronJob = CronJob & { spec: CronJobSpec; status: CronJobStatus }

/** One reconcile of one CronJob; its status is changed by the steps and written at the end. */
interface CronSync {
  client: Client
  events: EventRecorder
  now: number
  cronJob: OwnCronJob
}

export function startCronJobController(context: ControllerContext): Controller {
  const name = 'cronjob-controller'
  const { client } = context
  const events = context.recorder(name)
  const cache = context.informers.informer<CronJob>(cronJobs)
  const jobCache = context.informers.informer<Job>(jobs)
  jobCache.addIndex('cron job', (job) => {
    const owner = controllerOf(job)
    return owner?.kind === 'CronJob' ? [owner.uid] : []
  })
  const loop = createLoop(context, { name, caches: [cache, jobCache], reconcile })
  loop.follow(cache)
  loop.listen(jobCache, ({ current, old }) => {
    for (const job of [current, old]) {
      const owner = job && controllerOf(job)
      if (owner?.kind === 'CronJob') loop.queue.add(`${job?.metadata.namespace}/${owner.name}`)
    }
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: cronJobName } = splitKey(key)
    const cached = cache.get(namespace, cronJobName)
    if (!cached?.spec) return
    const cronJob: OwnCronJob = { ...cached, spec: cached.spec, status: cloneJson(cached.status ?? {}) }
    const sync: CronSync = { client, events, now: context.now(), cronJob }
    const children = jobCache.byIndex('cron job', cached.metadata.uid ?? '')
    let failure: unknown
    try {
      await removeOldJobs(sync, children)
      await refreshActive(sync, children)
      const wait = await startJob(sync)
      if (wait !== undefined) loop.queue.addAfter(key, wait)
    } catch (error) {
      failure = error
    }
    if (!deepEqual(cronJob.status, cached.status ?? {})) {
      await client.update<CronJob>(cronJobs, cronJob, { subresource: 'status' })
    }
    if (failure !== undefined) throw failure
  }

  return loop
}

function forgetActive({ status }: OwnCronJob, uid: string | undefined): void {
  const active = (status.active ?? []).filter((reference) => reference.uid !== uid)
  if (active.length > 0) status.active = active
  else delete status.active
}

/** Brings `status.active` in line with the jobs that there are. */
async function refreshActive({ client, events, cronJob }: CronSync, children: Job[]): Promise<void> {
  const { status } = cronJob
  const isActive = (uid: string | undefined): boolean =>
    status.active?.some((reference) => reference.uid === uid) === true
  for (const job of children) {
    const { name, uid } = job.metadata
    const known = isActive(uid)
    if (!isFinished(job)) {
      if (known) continue
      const fresh = await client.get<CronJob>(
        cronJobs,
        cronJob.metadata.namespace,
        cronJob.metadata.name ?? '',
      )
      if (fresh.status?.active?.some((reference) => reference.uid === uid)) continue
      const message = `Saw a job that the controller did not create or forgot: ${name}`
      events.event({ ...cronJob }, 'Warning', 'UnexpectedJob', message)
      continue
    }
    const succeeded = conditionTrue(job, 'Complete') !== undefined
    if (known) {
      forgetActive(cronJob, uid)
      const message = `Saw completed job: ${name}, condition: ${succeeded ? 'Complete' : 'Failed'}`
      events.event({ ...cronJob }, 'Normal', 'SawCompletedJob', message)
    }
    const completed = succeeded ? job.status?.completionTime : undefined
    if (completed && (parseTime(completed) ?? 0) > (parseTime(status.lastSuccessfulTime) ?? 0)) {
      status.lastSuccessfulTime = completed
    }
  }
  const present = new Set(children.map(({ metadata }) => metadata.uid))
  for (const { namespace, name = '', uid } of status.active ?? []) {
    if (present.has(uid)) continue
    try {
      await client.get(jobs, namespace, name)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      events.event({ ...cronJob }, 'Normal', 'MissingJob', `Active job went missing: ${name}`)
      forgetActive(cronJob, uid)
    }
  }
}

async function removeOldJobs(sync: CronSync, children: Job[]): Promise<void> {
  const { failedJobsHistoryLimit, successfulJobsHistoryLimit } = sync.cronJob.spec
  const limits = [
    ['Complete', successfulJobsHistoryLimit],
    ['Failed', failedJobsHistoryLimit],
  ] as const
  for (const [condition, limit] of limits) {
    if (limit === undefined) continue
    const finished = children
      .filter((job) => conditionTrue(job, condition) && !job.metadata.deletionTimestamp)
      .sort(byStart)
    for (const job of finished.slice(0, Math.max(0, finished.length - limit))) await deleteJob(sync, job)
  }
}

/** Those that never started last. */
function byStart(a: Job, b: Job): number {
  const start = (job: Job): number => parseTime(job.status?.startTime) ?? Number.POSITIVE_INFINITY
  if (start(a) !== start(b)) return start(a) - start(b)
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1
}

async function deleteJob({ client, events, cronJob }: CronSync, { metadata }: Job): Promise<boolean> {
  const { namespace, name = '', uid } = metadata
  try {
    await client.delete(jobs, namespace, name, { propagationPolicy: 'Background' })
  } catch (error) {
    if (isReason(error, 'NotFound')) return true
    events.event({ ...cronJob }, 'Warning', 'FailedDelete', `Deleted job: ${errorMessage(error)}`)
    return false
  }
  forgetActive(cronJob, uid)
  events.event({ ...cronJob }, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`)
  return true
}

/** Starts the job that is due. @returns milliseconds until the next one may be */
async function startJob(sync: CronSync): Promise<number | undefined> {
  const { cronJob, events, now } = sync
  const { spec, status, metadata } = cronJob
  if (metadata.deletionTimestamp) return undefined
  const schedule = scheduleOf(sync)
  if (!schedule || spec.suspend) return undefined
  const { time, tooMany } = dueTime(cronJob, now, schedule)
  if (tooMany) {
    const message =
      'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'
    events.event({ ...cronJob }, 'Warning', 'TooManyMissedTimes', message)
  }
  if (time === undefined) return untilNext(cronJob, now, schedule)
  const { startingDeadlineSeconds: deadline, concurrencyPolicy } = spec
  if (deadline !== undefined && time + deadline * 1000 < now) {
    const when = new Date(time).toUTCString().replace('GMT', '+0000')
    events.event({ ...cronJob }, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${when}`)
    return untilNext(cronJob, now, schedule)
  }
  const active = status.active ?? []
  const isProcessed =
    active.some(({ name }) => name === jobName(cronJob, time)) || parseTime(status.lastScheduleTime) === time
  if (isProcessed) return untilNext(cronJob, now, schedule)
  if (concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
    events.event({ ...cronJob }, 'Normal', 'JobAlreadyActive', message)
    return untilNext(cronJob, now, schedule)
  }
  if (concurrencyPolicy === 'Replace') await replaceActive(sync)
  const job = await createJob(sync, time)
  if (!job) return undefined
  const { name, namespace, uid, resourceVersion } = job.metadata
  const reference = { kind: 'Job', namespace, name, uid, apiVersion: 'batch/v1', resourceVersion }
  status.active = [...(status.active ?? []), reference]
  status.lastScheduleTime = toTime(time)
  return untilNext(cronJob, now, schedule)
}

function scheduleOf({ cronJob, events }: CronSync): CronSchedule | undefined {
  const { schedule, timeZone: zone } = cronJob.spec
  try {
    if (zone !== undefined) timeZone(zone)
  } catch {
    const message = `invalid timeZone: "${zone}": unknown time zone ${zone}`
    events.event({ ...cronJob }, 'Warning', 'UnknownTimeZone', message)
    return undefined
  }
  if (schedule.includes('TZ')) {
    const message = `CRON_TZ or TZ used in schedule "${schedule}" is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`
    events.event({ ...cronJob }, 'Warning', 'UnsupportedSchedule', message)
  }
  try {
    return parseCronSchedule(schedule, zone)
  } catch (error) {
    const message = `unparseable schedule: "${schedule}" : ${errorMessage(error)}`
    events.event({ ...cronJob }, 'Warning', 'UnparseableSchedule', message)
    return undefined
  }
}

async function replaceActive(sync: CronSync): Promise<void> {
  const { client, cronJob, events } = sync
  for (const { namespace, name = '', uid } of cronJob.status.active ?? []) {
    let job: Job
    try {
      job = await client.get<Job>(jobs, namespace, name)
    } catch (error) {
      if (isReason(error, 'NotFound')) {
        forgetActive(cronJob, uid)
        continue
      }
      events.event({ ...cronJob }, 'Warning', 'FailedGet', `Get job: ${errorMessage(error)}`)
      throw error
    }
    if (!(await deleteJob(sync, job))) throw new Error(`could not replace job ${namespace}/${name}`)
  }
}

/** One name per minute: a job is never started twice for the same time. */
function jobName({ metadata }: CronJob, time: number): string {
  return `${metadata.name}-${Math.floor(time / 60_000)}`
}

async function createJob({ client, events, cronJob }: CronSync, time: number): Promise<Job | undefined> {
  const { metadata, spec } = cronJob
  const { labels, annotations } = spec.jobTemplate.metadata ?? {}
  const name = jobName(cronJob, time)
  const job: Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      ...(metadata.namespace && { namespace: metadata.namespace }),
      ...(labels && { labels }),
      annotations: {
        ...annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': zonedTime(time, spec.timeZone),
      },
      ownerReferences: [controllerRef(cronJob, 'batch/v1', 'CronJob')],
    },
    ...(spec.jobTemplate.spec && { spec: spec.jobTemplate.spec }),
  }
  try {
    const created = await client.create(jobs, metadata.namespace, job)
    events.event({ ...cronJob }, 'Normal', 'SuccessfulCreate', `Created job ${name}`)
    return created
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) {
      const existing = await client.get<Job>(jobs, metadata.namespace, name)
      const isNoted = cronJob.status.active?.some(({ uid }) => uid === existing.metadata.uid)
      return isControlledBy(existing, cronJob) && !isNoted ? existing : undefined
    }
    if (!isNamespaceTerminating(error)) {
      events.event({ ...cronJob }, 'Warning', 'FailedCreate', `Error creating job: ${errorMessage(error)}`)
    }
    throw error
  }
}

/** RFC 3339 in the schedule's own zone. */
function zonedTime(ms: number, zone: string | undefined): string {
  if (!zone) return toTime(ms)
  const { read, offsetText } = timeZone(zone)
  const { year, month, day, hour, minute } = read(ms)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:00${offsetText(ms)}`
}
