import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toMicroTime } from '../../api/time.ts'
import type { Lease } from '../../api/types/coordination-v1.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { leases, namespaces, nodes, pods } from '../../client/resources.ts'
import { startPodGarbageCollector } from '../podgc/start-pod-garbage-collector.ts'
import { startTaintEvictionController } from '../tainteviction/start-taint-eviction-controller.ts'
import { pretendNodes } from '../testing/pretend-nodes.ts'
import { createTestCluster } from '../testing/test-cluster.ts'
import { lostConditions, NodeHealth } from './node-health.ts'
import { nodeTaints } from './node-taints.ts'
import { startNodeLifecycleController } from './start-node-lifecycle-controller.ts'

/** A cluster of two nodes whose clock the test moves. */
async function start() {
  let now = Date.parse('2026-03-01T00:00:00Z')
  const cluster = await createTestCluster(() => now)
  const { client, context } = cluster
  await client.create(namespaces, undefined, { metadata: { name: 'kube-node-lease' } })
  cluster.start(
    startNodeLifecycleController(context),
    startTaintEvictionController(context),
    startPodGarbageCollector(context),
    await pretendNodes(context, { names: ['a', 'b'], place: (pod) => pod.metadata.labels?.on ?? 'a' }),
  )
  let nudges = 0
  return {
    cluster,
    client,
    async beat(name: string) {
      const spec = { renewTime: toMicroTime(now), holderIdentity: name, leaseDurationSeconds: 40 }
      const lease: Lease = { metadata: { name, namespace: 'kube-node-lease' }, spec }
      const known = context.informers
        .informer<Lease>(leases, { namespace: 'kube-node-lease' })
        .get('kube-node-lease', name)
      await (known
        ? client.patch(leases, 'kube-node-lease', name, 'merge', { spec })
        : client.create(leases, 'kube-node-lease', lease))
    },
    /** Time passes, and the node's timer goes off. */
    async pass(ms: number, ...names: string[]) {
      now += ms
      for (const name of names) {
        await client.patch(nodes, undefined, name, 'merge', {
          metadata: { annotations: { nudge: `${++nudges}` } },
        })
      }
    },
  }
}

const taintsOf = (node: Node | undefined): string[] =>
  (node?.spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort()

test('a node that falls silent is Unknown, tainted, and loses its pods; it comes back with a heartbeat', async (t) => {
  const { cluster, client, beat, pass } = await start()
  t.after(() => cluster.stop())
  await beat('a')
  await beat('b')
  for (const [name, tolerations] of [
    ['soon', []],
    ['stays', [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' }]],
  ] as const) {
    await client.create(pods, 'default', {
      metadata: { name, labels: { on: 'b' } },
      spec: { containers: [{ name: 'c', image: 'i' }], tolerations: [...tolerations] },
    })
  }
  await cluster.untilAll<Pod>(pods, 'default', (all) =>
    all.every(({ status }) => status?.phase === 'Running'),
  )
  await pass(40_000)
  await beat('a')
  await pass(20_000, 'b')
  const lost = await cluster.until<Node>(nodes, '', 'b', (node) => taintsOf(node).length === 2)
  assert.equal(findCondition(lost?.status?.conditions, 'Ready')?.reason, 'NodeStatusUnknown')
  assert.deepEqual(taintsOf(lost), [
    'node.kubernetes.io/unreachable:NoExecute',
    'node.kubernetes.io/unreachable:NoSchedule',
  ])
  await cluster.until(pods, 'default', 'soon', (pod) => pod === undefined)
  await client.get(pods, 'default', 'stays')

  const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: '2026-03-01T00:01:00Z' }
  await client.patch(
    nodes,
    undefined,
    'b',
    'strategic',
    { status: { conditions: [ready] } },
    { subresource: 'status' },
  )
  await cluster.until<Node>(nodes, '', 'b', (node) => taintsOf(node).length === 0)
})

test('when every node is silent the fault is not theirs: nothing is evicted', async (t) => {
  const { cluster, client, pass } = await start()
  t.after(() => cluster.stop())
  await client.create(pods, 'default', {
    metadata: { name: 'safe' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  })
  await cluster.until<Pod>(pods, 'default', 'safe', (pod) => pod?.status?.phase === 'Running')
  await pass(60_000, 'a', 'b')
  for (const name of ['a', 'b']) {
    await cluster.until<Node>(
      nodes,
      '',
      name,
      (node) => taintsOf(node).join() === 'node.kubernetes.io/unreachable:NoSchedule',
    )
  }
  const pod = await cluster.until<Pod>(
    pods,
    'default',
    'safe',
    (object) => findCondition(object?.status?.conditions, 'Ready')?.status === 'False',
  )
  assert.equal(pod?.metadata.deletionTimestamp, undefined)
})

test('pods of a node that is gone are deleted after a while', async (t) => {
  const { cluster, client, pass } = await start()
  t.after(() => cluster.stop())
  await client.create(pods, 'default', {
    metadata: { name: 'left', labels: { on: 'b' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  })
  await cluster.until<Pod>(pods, 'default', 'left', (pod) => pod?.status?.phase === 'Running')
  await client.delete(nodes, undefined, 'b')
  await cluster.until(nodes, '', 'b', (node) => node === undefined)
  await pass(41_000)
  await client.patch(pods, 'default', 'left', 'merge', { metadata: { annotations: { nudge: '1' } } })
  await cluster.until(pods, 'default', 'left', (pod) => pod === undefined)
})

test('taints follow conditions and cordons, and leave others alone', () => {
  const node: Node = {
    metadata: {},
    spec: { unschedulable: true, taints: [{ key: 'own', effect: 'NoExecute' }] },
    status: {
      conditions: [
        { type: 'Ready', status: 'False' },
        { type: 'DiskPressure', status: 'True' },
      ],
    },
  }
  const taints = nodeTaints(node, true, 'now')
  assert.deepEqual(
    taints?.map(({ key, effect }) => `${key}:${effect}`),
    [
      'own:NoExecute',
      'node.kubernetes.io/not-ready:NoSchedule',
      'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/unschedulable:NoSchedule',
      'node.kubernetes.io/not-ready:NoExecute',
    ],
  )
  const tainted = { ...node, spec: { ...node.spec, taints: taints ?? [] } }
  assert.equal(nodeTaints(tainted, true, 'later'), taints)
  assert.deepEqual(nodeTaints({ ...tainted, spec: { taints: taints ?? [] }, status: {} }, false, 'later'), [
    { key: 'own', effect: 'NoExecute' },
  ])
})

test('a node is given its grace from when it was last seen, not from what its clock says', () => {
  const health = new NodeHealth()
  const node: Node = { metadata: {}, status: { conditions: [{ type: 'Ready', status: 'True' }] } }
  const lease = (renewTime: string): Lease => ({ metadata: {}, spec: { renewTime } })
  health.observe('n', node, lease('2001-01-01T00:00:00Z'), 1000)
  assert.equal(health.left('n', node, 1000), 50_000)
  health.observe('n', node, lease('2001-01-01T00:00:00Z'), 20_000)
  assert.equal(health.left('n', node, 20_000), 31_000)
  health.observe('n', node, lease('2001-01-01T00:00:10Z'), 20_000)
  assert.equal(health.left('n', node, 80_000), 0)
  const conditions = lostConditions(node, 'now')
  assert.equal(conditions.length, 4)
  assert.equal(lostConditions({ ...node, status: { conditions } }, 'later'), conditions)
})
