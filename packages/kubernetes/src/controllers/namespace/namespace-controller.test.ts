import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigMap, Namespace, ServiceAccount } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { configMaps, deployments, namespaces, pods, serviceAccounts } from '../../client/resources.ts'
import { startRootCaPublisher } from '../rootca/start-root-ca-publisher.ts'
import { startServiceAccountController } from '../serviceaccount/start-service-account-controller.ts'
import { pretendNodes } from '../testing/pretend-nodes.ts'
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts'
import { startNamespaceController } from './start-namespace-controller.ts'

async function start(): Promise<TestCluster> {
  const cluster = await createTestCluster()
  const { context, resources } = cluster
  cluster.start(
    startServiceAccountController(context),
    startRootCaPublisher(context, 'the CA'),
    startNamespaceController(context, () => resources.list()),
    await pretendNodes(context),
  )
  await cluster.client.create(namespaces, undefined, { metadata: { name: 'test' } })
  return cluster
}

test('a namespace gets its account and CA, again when they are deleted', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  const account = await cluster.until<ServiceAccount>(serviceAccounts, 'test', 'default', Boolean)
  await client.delete(serviceAccounts, 'test', 'default')
  await cluster.until<ServiceAccount>(
    serviceAccounts,
    'test',
    'default',
    (next) => next !== undefined && next.metadata.uid !== account?.metadata.uid,
  )
  const map = await cluster.until<ConfigMap>(configMaps, 'test', 'kube-root-ca.crt', Boolean)
  assert.deepEqual(map?.data, { 'ca.crt': 'the CA' })
  await client.patch(configMaps, 'test', 'kube-root-ca.crt', 'merge', { data: { 'ca.crt': 'wrong' } })
  await cluster.until<ConfigMap>(
    configMaps,
    'test',
    'kube-root-ca.crt',
    (next) => next?.data?.['ca.crt'] === 'the CA',
  )
})

test('a deleted namespace goes with all that is in it', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  const labels = { app: 'x' }
  const spec = { containers: [{ name: 'c', image: 'i' }] }
  await client.create(pods, 'test', { metadata: { name: 'pod' }, spec })
  await client.create(deployments, 'test', {
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  })
  await client.delete(namespaces, undefined, 'test')
  await cluster.until(namespaces, '', 'test', (namespace) => namespace === undefined)
  for (const resource of [pods, deployments, serviceAccounts, configMaps]) {
    assert.equal((await client.list(resource, { namespace: 'test' })).items.length, 0)
  }
})

test('what holds a namespace up is told in its conditions', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  await client.create(configMaps, 'test', { metadata: { name: 'held', finalizers: ['example.com/held'] } })
  await client.delete(namespaces, undefined, 'test')
  const namespace = await cluster.until<Namespace>(
    namespaces,
    '',
    'test',
    (object) => (object?.status?.conditions?.length ?? 0) > 0,
  )
  assert.equal(
    findCondition(namespace?.status?.conditions, 'NamespaceFinalizersRemaining')?.message,
    'Some content in the namespace has finalizers remaining: example.com/held in 1 resource instances',
  )
  assert.equal(
    findCondition(namespace?.status?.conditions, 'NamespaceContentRemaining')?.message,
    'Some resources are remaining: configmaps. has 1 resource instances',
  )
})
