import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReplicaSet } from '../../api/types/apps-v1.ts'
import type { Pod, ReplicationController } from '../../api/types/core-v1.ts'
import { isControlledBy } from '../../client/owner-reference.ts'
import { pods, replicaSets, replicationControllers } from '../../client/resources.ts'
import { pretendNodes } from '../testing/pretend-nodes.ts'
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts'
import { replicaSetFlavor, replicationControllerFlavor } from './replica-flavor.ts'
import { startReplicaController } from './start-replica-controller.ts'

const labels = { app: 'web' }
const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } }

function web(replicas: number): ReplicaSet {
  return { metadata: { name: 'web' }, spec: { replicas, selector: { matchLabels: labels }, template } }
}

async function start(options?: Parameters<typeof pretendNodes>[1]): Promise<TestCluster> {
  const cluster = await createTestCluster()
  const { context } = cluster
  cluster.start(
    startReplicaController(context, replicaSetFlavor),
    startReplicaController(context, replicationControllerFlavor),
    await pretendNodes(context, options),
  )
  return cluster
}

const ready = (cluster: TestCluster, count: number) =>
  cluster.until<ReplicaSet>(
    replicaSets,
    'default',
    'web',
    (set) => set?.status?.readyReplicas === count && set.status.replicas === count,
  )

test('takes over pods that match, and lets go of those that no longer do', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  await client.create(pods, 'default', { metadata: { name: 'stray', labels }, spec: template.spec })
  await client.create(replicaSets, 'default', web(2))
  const set = await ready(cluster, 2)
  assert.ok(set)
  const stray = await client.get<Pod>(pods, 'default', 'stray')
  assert.ok(isControlledBy(stray, set))
  await client.patch(pods, 'default', 'stray', 'merge', { metadata: { labels: { app: 'other' } } })
  await cluster.until<Pod>(pods, 'default', 'stray', (pod) => pod !== undefined && !isControlledBy(pod, set))
  await cluster.untilAll<Pod>(
    pods,
    'default',
    (all) => all.filter((pod) => isControlledBy(pod, set)).length === 2,
  )
})

test('pods that are not ready go first', async (t) => {
  const cluster = await start({ outcome: ({ metadata }) => (metadata.name === 'slow' ? 'running' : 'ready') })
  t.after(() => cluster.stop())
  const { client } = cluster
  await client.create(pods, 'default', { metadata: { name: 'slow', labels }, spec: template.spec })
  await cluster.until<Pod>(pods, 'default', 'slow', (pod) => pod?.status?.phase === 'Running')
  await client.create(replicaSets, 'default', web(3))
  await cluster.until<ReplicaSet>(replicaSets, 'default', 'web', (set) => set?.status?.readyReplicas === 2)
  await client.patch(replicaSets, 'default', 'web', 'merge', { spec: { replicas: 2 } })
  await ready(cluster, 2)
  await cluster.until(pods, 'default', 'slow', (pod) => pod === undefined)
})

test('a ReplicationController does the same', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const controller: ReplicationController = {
    metadata: { name: 'web' },
    spec: { replicas: 2, selector: labels, template },
  }
  await cluster.client.create(replicationControllers, 'default', controller)
  await cluster.until<ReplicationController>(
    replicationControllers,
    'default',
    'web',
    (object) => object?.status?.readyReplicas === 2,
  )
  const [pod] = await cluster.untilAll<Pod>(pods, 'default', (all) => all.length === 2)
  assert.equal(pod?.metadata.ownerReferences?.[0]?.kind, 'ReplicationController')
})
