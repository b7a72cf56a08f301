import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCronSchedule } from '../../api/cron/cron-schedule.ts'
import { toTime } from '../../api/time.ts'
import type { CronJob, Job } from '../../api/types/batch-v1.ts'
import { cronJobs, jobs } from '../../client/resources.ts'
import { startGarbageCollector } from '../garbagecollector/start-garbage-collector.ts'
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts'
import { dueTime, untilNext } from './schedule-times.ts'
import { startCronJobController } from './start-cron-job-controller.ts'

const minute = 60_000
const midnight = Date.parse('2026-03-01T00:00:00Z')

function tick(more: Partial<CronJob['spec']> = {}): CronJob {
  return {
    metadata: { name: 'tick', namespace: 'default' },
    spec: {
      schedule: '* * * * *',
      jobTemplate: {
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } },
      },
      ...more,
    },
  }
}

/** A cluster whose clock the test moves; a change of the object makes the controller look at it. */
async function start() {
  let now = midnight
  const cluster = await createTestCluster(() => now)
  cluster.start(
    startCronJobController(cluster.context),
    startGarbageCollector(cluster.context, cluster.resources),
  )
  let nudges = 0
  return {
    cluster,
    async advance(minutes: number) {
      now += minutes * minute
      await cluster.client.patch(cronJobs, 'default', 'tick', 'merge', {
        metadata: { annotations: { nudge: `${++nudges}` } },
      })
    },
    now: () => now,
  }
}

const jobName = (minutes: number): string => `tick-${midnight / minute + minutes}`

async function finish({ client }: TestCluster, name: string, time: number): Promise<void> {
  const job = await client.get<Job>(jobs, 'default', name)
  const condition = (type: string) => ({ type, status: 'True', lastTransitionTime: toTime(time) })
  await client.update<Job>(
    jobs,
    {
      ...job,
      status: {
        startTime: toTime(time),
        completionTime: toTime(time),
        succeeded: 1,
        conditions: [condition('SuccessCriteriaMet'), condition('Complete')],
      },
    },
    { subresource: 'status' },
  )
}

test('starts a job when it is due, notes it, and keeps only so many', async (t) => {
  const { cluster, advance, now } = await start()
  t.after(() => cluster.stop())
  await cluster.client.create(
    cronJobs,
    'default',
    tick({ successfulJobsHistoryLimit: 1, timeZone: 'Europe/Berlin' }),
  )
  await advance(1)
  const first = await cluster.until<Job>(jobs, 'default', jobName(1), Boolean)
  assert.equal(
    first?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'],
    '2026-03-01T01:01:00+01:00',
  )
  await cluster.until<CronJob>(cronJobs, 'default', 'tick', (cron) => cron?.status?.active?.length === 1)
  await finish(cluster, jobName(1), now())
  const done = await cluster.until<CronJob>(cronJobs, 'default', 'tick', (cron) => {
    return cron?.status?.lastSuccessfulTime !== undefined && !cron.status.active
  })
  assert.equal(done?.status?.lastScheduleTime, '2026-03-01T00:01:00Z')
  await advance(1)
  await cluster.until(jobs, 'default', jobName(2), Boolean)
  await finish(cluster, jobName(2), now())
  await cluster.until(jobs, 'default', jobName(1), (job) => job === undefined)
})

test('Forbid waits for the running job, Replace ends it', async (t) => {
  const { cluster, advance } = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  await client.create(cronJobs, 'default', tick({ concurrencyPolicy: 'Forbid' }))
  await advance(1)
  const isActive = (name: string) => (cron: CronJob | undefined) => cron?.status?.active?.[0]?.name === name
  await cluster.until<CronJob>(cronJobs, 'default', 'tick', isActive(jobName(1)))
  await advance(1)
  await client.patch(cronJobs, 'default', 'tick', 'merge', { spec: { concurrencyPolicy: 'Replace' } })
  await cluster.until(jobs, 'default', jobName(2), Boolean)
  await cluster.until(jobs, 'default', jobName(1), (job) => job === undefined)
  await cluster.until<CronJob>(cronJobs, 'default', 'tick', isActive(jobName(2)))
})

test('missed times: the last one counts, unless its deadline is over', () => {
  const schedule = parseCronSchedule('0 * * * *')
  const job = (more: Partial<CronJob['spec']> = {}): CronJob => ({
    ...tick(more),
    metadata: { creationTimestamp: toTime(midnight) },
  })
  const later = midnight + 190 * minute
  assert.deepEqual(dueTime(job(), later, schedule), { time: midnight + 180 * minute, tooMany: false })
  assert.equal(dueTime(job({ startingDeadlineSeconds: 300 }), later, schedule).time, undefined)
  assert.equal(untilNext(job(), later, schedule), 50 * minute + 100)
  assert.equal(dueTime(job(), midnight + 200 * 60 * minute, schedule).tooMany, true)
})
