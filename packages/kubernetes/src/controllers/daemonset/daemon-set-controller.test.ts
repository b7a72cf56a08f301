import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DaemonSet } from '../../api/types/apps-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { daemonSets, nodes, pods } from '../../client/resources.ts'
import { pretendNodes } from '../testing/pretend-nodes.ts'
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts'
import { targetNode } from './daemon-pods.ts'
import { startDaemonSetController } from './start-daemon-set-controller.ts'

const labels = { app: 'agent' }
const names = ['a', 'b', 'c']

function agent(more: Partial<DaemonSet['spec']> = {}): DaemonSet {
  return {
    metadata: { name: 'agent', namespace: 'default' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'agent', image: 'v1' }] } },
      ...more,
    },
  }
}

async function start(): Promise<TestCluster> {
  const cluster = await createTestCluster()
  const { context } = cluster
  // Pods go where they are meant to, which stands for the scheduler.
  cluster.start(
    startDaemonSetController(context),
    await pretendNodes(context, { names, place: (pod) => targetNode(pod) ?? 'nowhere' }),
  )
  return cluster
}

const settled = (cluster: TestCluster, count: number) =>
  cluster.until<DaemonSet>(daemonSets, 'default', 'agent', (set) => {
    const { status, metadata } = set ?? {}
    return (
      status?.numberAvailable === count &&
      status.updatedNumberScheduled === count &&
      status.desiredNumberScheduled === count &&
      status.observedGeneration === metadata?.generation &&
      status.numberMisscheduled === 0
    )
  })

const nodesOf = (cluster: TestCluster): (string | undefined)[] =>
  cluster.context.informers
    .informer<Pod>(pods)
    .list('default')
    .map(({ spec }) => spec?.nodeName)
    .sort()

test('one pod on each node, following labels and taints of nodes', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  await client.create(daemonSets, 'default', agent())
  await settled(cluster, 3)
  assert.deepEqual(nodesOf(cluster), names)
  await client.patch(nodes, undefined, 'b', 'merge', {
    spec: { taints: [{ key: 'x', effect: 'NoExecute' }] },
  })
  await settled(cluster, 2)
  await cluster.untilAll(pods, 'default', (all) => all.length === 2)
  assert.deepEqual(nodesOf(cluster), ['a', 'c'])
  await client.patch(nodes, undefined, 'b', 'merge', { spec: { taints: null } })
  await settled(cluster, 3)
  // A cordoned node keeps its daemon.
  await client.patch(nodes, undefined, 'c', 'merge', {
    spec: {
      unschedulable: true,
      taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }],
    },
  })
  await client.patch(daemonSets, 'default', 'agent', 'merge', {
    spec: { template: { spec: { nodeSelector: { 'kubernetes.io/hostname': 'c' } } } },
  })
  await settled(cluster, 1)
  await cluster.untilAll(pods, 'default', (all) => all.length === 1)
  assert.deepEqual(nodesOf(cluster), ['c'])
})

for (const [what, rollingUpdate, least, most] of [
  ['maxUnavailable 1: never more than one is missing', { maxUnavailable: 1, maxSurge: 0 }, 2, 3],
  ['maxSurge 1: none is ever missing', { maxUnavailable: 0, maxSurge: 1 }, 3, 4],
] as const) {
  test(`rolling update, ${what}`, async (t) => {
    const cluster = await start()
    t.after(() => cluster.stop())
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate }
    await cluster.client.create(daemonSets, 'default', agent({ updateStrategy }))
    await settled(cluster, 3)
    const informer = cluster.context.informers.informer<Pod>(pods)
    let fewest = 3
    let largest = 0
    informer.listen(() => {
      const alive = informer.list('default').filter(({ metadata }) => !metadata.deletionTimestamp)
      const ready = alive.filter(({ status }) => status?.conditions?.some(({ status: is }) => is === 'True'))
      fewest = Math.min(fewest, ready.length)
      largest = Math.max(largest, alive.length)
    })
    await cluster.client.patch(daemonSets, 'default', 'agent', 'json', [
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'v2' },
    ])
    await settled(cluster, 3)
    await cluster.untilAll<Pod>(
      pods,
      'default',
      (all) => all.length === 3 && all.every(({ spec }) => spec?.containers[0]?.image === 'v2'),
    )
    assert.ok(fewest >= least, `${fewest} were ready`)
    assert.ok(largest <= most, `there were ${largest}`)
  })
}
