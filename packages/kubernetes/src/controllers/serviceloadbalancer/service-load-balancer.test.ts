import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, Service } from '../../api/types/core-v1.ts'
import { nodes, services } from '../../client/resources.ts'
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts'
import { addressPool } from './address-pool.ts'
import { startServiceLoadBalancerController } from './start-service-load-balancer-controller.ts'

function balanced(name: string, port: number): Service {
  return {
    metadata: { name, namespace: 'default' },
    spec: { type: 'LoadBalancer', ports: [{ port }] },
  }
}

const address = (cluster: TestCluster, name: string, accept: (ip: string | undefined) => boolean = Boolean) =>
  cluster
    .until<Service>(services, 'default', name, (service) =>
      accept(service?.status?.loadBalancer?.ingress?.[0]?.ip),
    )
    .then((service) => service?.status?.loadBalancer?.ingress?.[0]?.ip)

test('Services share the node where their ports differ, and wait where they do not', async (t) => {
  const cluster = await createTestCluster()
  t.after(() => cluster.stop())
  const { client } = cluster
  cluster.start(startServiceLoadBalancerController(cluster.context, undefined))
  await client.create(services, 'default', balanced('a', 80))
  const node: Node = {
    metadata: { name: 'n' },
    status: { addresses: [{ type: 'InternalIP', address: '192.0.2.7' }] },
  }
  await client.create(nodes, undefined, node)
  assert.equal(await address(cluster, 'a'), '192.0.2.7')
  await client.create(services, 'default', balanced('b', 81))
  assert.equal(await address(cluster, 'b'), '192.0.2.7')
  await client.create(services, 'default', {
    ...balanced('c', 80),
    metadata: { name: 'c', namespace: 'default' },
  })
  await client.create(services, 'default', balanced('d', 82))
  await address(cluster, 'd')
  assert.equal((await client.get<Service>(services, 'default', 'c')).status?.loadBalancer?.ingress, undefined)
  await client.delete(services, 'default', 'a')
  assert.equal(await address(cluster, 'c'), '192.0.2.7')
  // No load balancer any more, no address.
  await client.patch(services, 'default', 'b', 'merge', { spec: { type: 'ClusterIP' } })
  await address(cluster, 'b', (ip) => ip === undefined)
})

test('a pool gives each Service its own address', async (t) => {
  const cluster = await createTestCluster()
  t.after(() => cluster.stop())
  const { client } = cluster
  cluster.start(startServiceLoadBalancerController(cluster.context, '198.51.100.0/30'))
  await client.create(services, 'default', balanced('a', 80))
  await client.create(services, 'default', balanced('b', 81))
  const given = await Promise.all([address(cluster, 'a'), address(cluster, 'b')])
  assert.deepEqual(given.sort(), ['198.51.100.1', '198.51.100.2'])
})

test('addressPool', () => {
  assert.deepEqual([...addressPool('192.0.2.253/30').addresses()], ['192.0.2.253', '192.0.2.254'])
  assert.deepEqual([...addressPool('192.0.2.1/32').addresses()], ['192.0.2.1'])
  assert.equal(addressPool('10.0.0.0/8').has('10.255.0.1'), true)
  assert.equal(addressPool('10.0.0.0/8').has('11.0.0.1'), false)
  assert.throws(() => addressPool('fd00::/64'))
})
