import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job } from '../../api/types/batch-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { jobs, pods } from '../../client/resources.ts'
import { pretendNodes } from '../testing/pretend-nodes.ts'
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts'
import { IndexSet } from './index-set.ts'
import { backoffLeft, nextRecord, noFailures } from './job-backoff.ts'
import { conditionTrue } from './job-conditions.ts'
import { completionIndex } from './job-pods.ts'
import { startJobController } from './start-job-controller.ts'

function job(more: Partial<Job['spec']> = {}): Job {
  return {
    metadata: { name: 'work', namespace: 'default' },
    spec: {
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
      ...more,
    },
  }
}

async function start(outcome: (pod: Pod) => 'ready' | 'succeeded' | 'failed'): Promise<TestCluster> {
  const cluster = await createTestCluster()
  cluster.start(startJobController(cluster.context), await pretendNodes(cluster.context, { outcome }))
  return cluster
}

const ended = (cluster: TestCluster, type: string) =>
  cluster.until<Job>(jobs, 'default', 'work', (object) => Boolean(object && conditionTrue(object, type)))

test('runs to the wanted number of completions, counts each pod once and lets it go', async (t) => {
  const cluster = await start(() => 'succeeded')
  t.after(() => cluster.stop())
  let most = 0
  const cache = cluster.context.informers.informer<Pod>(pods)
  cache.listen(() => {
    const active = cache.list('default').filter(({ status }) => status?.phase !== 'Succeeded')
    most = Math.max(most, active.length)
  })
  await cluster.client.create(jobs, 'default', job({ completions: 5, parallelism: 2 }))
  const done = await ended(cluster, 'Complete')
  assert.equal(done?.status?.succeeded, 5)
  assert.ok(done?.status?.completionTime)
  assert.deepEqual(done?.status?.uncountedTerminatedPods, {})
  assert.equal(done?.status?.conditions?.[0]?.type, 'SuccessCriteriaMet')
  assert.equal(most, 2)
  const all = await cluster.untilAll<Pod>(pods, 'default', (list) =>
    list.every(({ metadata }) => !metadata.finalizers?.length),
  )
  assert.equal(all.length, 5)
})

test('fails at the backoff limit and deletes what still runs', async (t) => {
  let first = true
  const failing = new Set<string>()
  const cluster = await start(({ metadata }) => {
    if (first) failing.add(metadata.name ?? '')
    first = false
    return failing.has(metadata.name ?? '') ? 'failed' : 'ready'
  })
  t.after(() => cluster.stop())
  await cluster.client.create(jobs, 'default', job({ completions: 2, parallelism: 2, backoffLimit: 0 }))
  const failed = await ended(cluster, 'Failed')
  const condition = failed && conditionTrue(failed, 'Failed')
  assert.equal(condition?.reason, 'BackoffLimitExceeded')
  assert.equal(condition?.message, 'Job has reached the specified backoff limit')
  assert.equal(failed?.status?.failed, 2)
  await cluster.untilAll<Pod>(pods, 'default', (list) => list.length === 1)
})

test('Indexed: every index once, in its name and environment; a success policy ends it early', async (t) => {
  const cluster = await start((pod) => (completionIndex(pod) === 3 ? 'ready' : 'succeeded'))
  t.after(() => cluster.stop())
  await cluster.client.create(
    jobs,
    'default',
    job({
      completionMode: 'Indexed',
      completions: 4,
      parallelism: 4,
      successPolicy: { rules: [{ succeededIndexes: '0-2' }] },
    }),
  )
  const done = await ended(cluster, 'Complete')
  assert.equal(done?.status?.completedIndexes, '0-2')
  assert.equal(done && conditionTrue(done, 'SuccessCriteriaMet')?.reason, 'SuccessPolicy')
  const [pod] = (await cluster.client.list<Pod>(pods, { namespace: 'default' })).items
  assert.equal(pod?.spec?.hostname, `work-${completionIndex(pod as Pod)}`)
  assert.equal(pod?.spec?.containers[0]?.env?.[0]?.name, 'JOB_COMPLETION_INDEX')
})

test('Indexed: indexes fail by themselves', async (t) => {
  const cluster = await start((pod) => (completionIndex(pod) === 1 ? 'failed' : 'succeeded'))
  t.after(() => cluster.stop())
  await cluster.client.create(
    jobs,
    'default',
    job({ completionMode: 'Indexed', completions: 3, parallelism: 3, backoffLimitPerIndex: 0 }),
  )
  const failed = await ended(cluster, 'Failed')
  assert.equal(failed && conditionTrue(failed, 'Failed')?.reason, 'FailedIndexes')
  assert.equal(failed?.status?.failedIndexes, '1')
  assert.equal(failed?.status?.completedIndexes, '0,2')
})

test('a failure policy decides by exit code', async (t) => {
  const cluster = await start(() => 'failed')
  t.after(() => cluster.stop())
  const rules = [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }]
  await cluster.client.create(jobs, 'default', job({ podFailurePolicy: { rules } }))
  const failed = await ended(cluster, 'Failed')
  const condition = failed && conditionTrue(failed, 'Failed')
  assert.equal(condition?.reason, 'PodFailurePolicy')
  assert.match(
    condition?.message ?? '',
    /^Container c for pod default\/work-\w+ failed with exit code 1 matching FailJob rule at index 0$/,
  )
})

test('suspended, resumed, and past its deadline', async (t) => {
  const cluster = await start(() => 'ready')
  t.after(() => cluster.stop())
  const { client } = cluster
  await client.create(jobs, 'default', job({ suspend: true }))
  const suspended = await ended(cluster, 'Suspended')
  assert.equal(suspended?.status?.startTime, undefined)
  await client.patch(jobs, 'default', 'work', 'merge', { spec: { suspend: false } })
  await cluster.until<Job>(jobs, 'default', 'work', (object) => object?.status?.ready === 1)
  await client.patch(jobs, 'default', 'work', 'merge', { spec: { suspend: true } })
  await cluster.untilAll<Pod>(pods, 'default', (list) => list.length === 0)
  await ended(cluster, 'Suspended')
  await client.patch(jobs, 'default', 'work', 'merge', { spec: { suspend: false, activeDeadlineSeconds: 1 } })
  const failed = await ended(cluster, 'Failed')
  assert.equal(failed && conditionTrue(failed, 'Failed')?.reason, 'DeadlineExceeded')
})

test('IndexSet', () => {
  const set = IndexSet.parse('1,3-5,7,x,12', 10)
  assert.equal(set.toString(), '1,3-5,7')
  assert.equal(set.union(IndexSet.of([6, 2])).toString(), '1-7')
  assert.equal(IndexSet.of([4, 5]).toString(), '4,5')
  assert.deepEqual(set.missing(4, 10), [0, 2, 6, 8])
  assert.deepEqual(IndexSet.empty.missing(5, 2), [0, 1])
  assert.equal(set.overlap(IndexSet.parse('4-8', 10)), 3)
})

test('the back-off starts anew after a success', () => {
  const pod = (finishedAt: string): Pod => ({
    metadata: {},
    status: {
      containerStatuses: [
        {
          name: 'c',
          image: '',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 1, finishedAt } },
        },
      ],
    },
  })
  const at = (second: number): string => `2026-01-01T00:00:0${second}Z`
  const two = nextRecord(nextRecord(noFailures, [], [pod(at(1))]), [], [pod(at(2))])
  assert.equal(backoffLeft(two, Date.parse(at(2))), 20_000)
  const later = nextRecord(two, [pod(at(3))], [pod(at(2)), pod(at(4))])
  assert.equal(backoffLeft(later, Date.parse(at(4))), 10_000)
})
