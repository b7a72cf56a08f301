import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toTime } from '../../api/time.ts'
import type { Job } from '../../api/types/batch-v1.ts'
import { jobs } from '../../client/resources.ts'
import { createTestCluster } from '../testing/test-cluster.ts'
import { startTtlAfterFinishedController } from './start-ttl-after-finished-controller.ts'

test('a finished job goes when its time is over, one without such a time stays', async (t) => {
  let now = Date.parse('2026-03-01T00:00:00Z')
  const cluster = await createTestCluster(() => now)
  t.after(() => cluster.stop())
  cluster.start(startTtlAfterFinishedController(cluster.context))
  const { client } = cluster
  const spec = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } }
  const finish = async (name: string): Promise<void> => {
    const job = await client.get<Job>(jobs, 'default', name)
    const time = toTime(now)
    const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: time,
      lastProbeTime: time,
    }))
    const status = { ...job.status, startTime: time, completionTime: time, conditions }
    await client.update(jobs, { ...job, status }, { subresource: 'status' })
  }
  await client.create(jobs, 'default', {
    metadata: { name: 'brief' },
    spec: { ...spec, ttlSecondsAfterFinished: 60 },
  })
  await client.create(jobs, 'default', { metadata: { name: 'kept' }, spec })
  await finish('brief')
  await finish('kept')
  now += 59_000
  await client.patch(jobs, 'default', 'brief', 'merge', { metadata: { labels: { nudge: '1' } } })
  now += 1_000
  await client.patch(jobs, 'default', 'kept', 'merge', { metadata: { labels: { nudge: '1' } } })
  assert.equal((await client.get<Job>(jobs, 'default', 'brief')).metadata.deletionTimestamp, undefined)
  await client.patch(jobs, 'default', 'brief', 'merge', { metadata: { labels: { nudge: '2' } } })
  // In the foreground: the garbage collector, which does not run here, would let it go.
  const gone = await cluster.until<Job>(jobs, 'default', 'brief', (job) => !!job?.metadata.deletionTimestamp)
  assert.deepEqual(gone?.metadata.finalizers, ['foregroundDeletion'])
  assert.ok(await client.get<Job>(jobs, 'default', 'kept'))
})
