import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceCIDR } from '../../api/types/networking-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { serviceCIDRs, services } from '../../client/resources.ts'
import { createTestCluster } from '../testing/test-cluster.ts'
import { startServiceCidrController } from './start-service-cidr-controller.ts'

test('a range is ready at once, and goes only without Services that have its addresses', async (t) => {
  const cluster = await createTestCluster()
  t.after(() => cluster.stop())
  cluster.start(startServiceCidrController(cluster.context))
  const { client } = cluster
  await client.create(serviceCIDRs, undefined, {
    metadata: { name: 'main' },
    spec: { cidrs: ['10.96.0.0/12'] },
  })
  const ready = (status: string) =>
    cluster.until<ServiceCIDR>(
      serviceCIDRs,
      '',
      'main',
      (range) => findCondition(range?.status?.conditions, 'Ready')?.status === status,
    )
  const range = await ready('True')
  assert.deepEqual(range?.metadata.finalizers, ['networking.k8s.io/service-cidr-finalizer'])
  await client.create(services, 'default', { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } })
  await client.delete(serviceCIDRs, undefined, 'main')
  const held = await ready('False')
  assert.equal(findCondition(held?.status?.conditions, 'Ready')?.reason, 'Terminating')
  await client.delete(services, 'default', 'web')
  await cluster.until(serviceCIDRs, '', 'main', (object) => object === undefined)
})
