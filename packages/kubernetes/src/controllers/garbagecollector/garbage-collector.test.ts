import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../api/kube-object.ts'
import { configMaps, secrets } from '../../client/resources.ts'
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts'
import { startGarbageCollector } from './start-garbage-collector.ts'

async function start(): Promise<TestCluster> {
  const cluster = await createTestCluster()
  cluster.start(startGarbageCollector(cluster.context, cluster.resources))
  return cluster
}

function ownedBy(owner: KubeObject, blockOwnerDeletion = true) {
  const { name = '', uid = '' } = owner.metadata ?? {}
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion }
}

/** An owner, and a chain of two below it. */
async function family({ client }: TestCluster) {
  const owner = await client.create<KubeObject>(configMaps, 'default', { metadata: { name: 'owner' } })
  const child = await client.create<KubeObject>(configMaps, 'default', {
    metadata: { name: 'child', ownerReferences: [ownedBy(owner)] },
  })
  await client.create(secrets, 'default', {
    metadata: { name: 'grandchild', ownerReferences: [ownedBy(child)] },
  })
  return { owner, child }
}

const gone = (object: unknown): boolean => object === undefined

test('background: dependents follow', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  await family(cluster)
  await cluster.client.delete(configMaps, 'default', 'owner', { propagationPolicy: 'Background' })
  await cluster.until(secrets, 'default', 'grandchild', gone)
  await cluster.until(configMaps, 'default', 'child', gone)
})

test('foreground: the owner goes last', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  await family(cluster)
  const order: unknown[] = []
  for (const resource of [configMaps, secrets]) {
    cluster.context.informers.informer(resource).listen(({ current, old }) => {
      if (!current) order.push(old?.metadata.name)
    })
  }
  await cluster.client.delete(configMaps, 'default', 'owner', { propagationPolicy: 'Foreground' })
  await cluster.until(configMaps, 'default', 'owner', gone)
  assert.deepEqual(order, ['grandchild', 'child', 'owner'])
})

test('orphan: dependents stay and forget their owner', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  await family(cluster)
  await cluster.client.delete(configMaps, 'default', 'owner', { propagationPolicy: 'Orphan' })
  await cluster.until(configMaps, 'default', 'owner', gone)
  const child = await cluster.client.get(configMaps, 'default', 'child')
  assert.equal(child.metadata?.ownerReferences, undefined)
})

test('an owner that never was, and one of two owners', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { owner } = await family(cluster)
  const absent = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'another' }
  await cluster.client.create(secrets, 'default', { metadata: { name: 'lost', ownerReferences: [absent] } })
  await cluster.until(secrets, 'default', 'lost', gone)
  await cluster.client.create(secrets, 'default', {
    metadata: { name: 'shared', ownerReferences: [ownedBy(owner), absent] },
  })
  const shared = await cluster.until<{ metadata: NonNullable<KubeObject['metadata']> }>(
    secrets,
    'default',
    'shared',
    (secret) => secret?.metadata.ownerReferences?.length === 1,
  )
  assert.equal(shared?.metadata.ownerReferences?.[0]?.uid, owner.metadata?.uid)
})
