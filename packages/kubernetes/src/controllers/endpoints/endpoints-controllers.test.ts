import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoints, Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import { endpointSlices, endpoints, pods, services } from '../../client/resources.ts'
import { startEndpointSliceController } from '../endpointslice/start-endpoint-slice-controller.ts'
import { startEndpointSliceMirroringController } from '../endpointslicemirroring/start-endpoint-slice-mirroring-controller.ts'
import { pretendNodes } from '../testing/pretend-nodes.ts'
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts'
import { startEndpointsController } from './start-endpoints-controller.ts'

async function start(): Promise<TestCluster> {
  const cluster = await createTestCluster()
  const { context } = cluster
  cluster.start(
    startEndpointsController(context),
    startEndpointSliceController(context),
    startEndpointSliceMirroringController(context),
    await pretendNodes(context, {
      outcome: ({ metadata }) => (metadata.name?.startsWith('slow') ? 'running' : 'ready'),
    }),
  )
  return cluster
}

function service(more: Partial<Service['spec']> = {}): Service {
  return {
    metadata: { name: 'web', namespace: 'default', labels: { team: 'a' } },
    spec: {
      selector: { app: 'web' },
      clusterIP: '10.96.0.10',
      clusterIPs: ['10.96.0.10'],
      ipFamilies: ['IPv4'],
      ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }],
      ...more,
    },
  }
}

function pod(name: string) {
  return {
    metadata: { name, labels: { app: 'web' } },
    spec: {
      containers: [{ name: 'web', image: 'i', ports: [{ name: 'http', containerPort: 8080 }] }],
    },
  }
}

const slicesOf = (cluster: TestCluster, condition: (slice: EndpointSlice) => boolean) =>
  cluster.untilAll<EndpointSlice>(
    endpointSlices,
    'default',
    (slices) => slices.length === 1 && slices.every(condition),
  )

test('pods of a Service are in its slice and its Endpoints, ready or not', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  await client.create(services, 'default', service())
  const [empty] = await slicesOf(cluster, ({ endpoints: list = [] }) => list.length === 0)
  assert.equal(empty?.metadata.labels?.team, 'a')
  await client.create(pods, 'default', pod('quick'))
  await client.create(pods, 'default', pod('slow'))
  const [slice] = await slicesOf(
    cluster,
    ({ endpoints: list = [] }) => list.length === 2 && list.some(({ conditions }) => conditions?.ready),
  )
  assert.deepEqual(slice?.ports, [{ name: '', protocol: 'TCP', port: 8080 }])
  const byName = Object.fromEntries(slice?.endpoints?.map((each) => [each.targetRef?.name, each]) ?? [])
  assert.equal(byName.quick?.conditions?.ready, true)
  assert.equal(byName.slow?.conditions?.ready, false)
  assert.equal(byName.quick?.nodeName, 'node-1')
  const list = await cluster.until<Endpoints>(
    endpoints,
    'default',
    'web',
    (object) => object?.subsets?.[0]?.notReadyAddresses?.length === 1 && !!object.subsets[0].addresses,
  )
  assert.deepEqual(list?.subsets?.[0]?.ports, [{ port: 8080, protocol: 'TCP' }])
  // The one slice was filled, no second one was made.
  assert.equal(slice?.metadata.name, empty?.metadata.name)
  await client.delete(pods, 'default', 'quick')
  await slicesOf(cluster, ({ endpoints: left = [] }) => left.length === 1)
  await client.delete(services, 'default', 'web')
  await cluster.until(endpoints, 'default', 'web', (object) => object === undefined)
})

test('Endpoints of a Service without selector are mirrored', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  const { selector: _, ...spec } = service().spec ?? {}
  await client.create(services, 'default', { ...service(), spec })
  await client.create(endpoints, 'default', {
    metadata: { name: 'web' },
    subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 5432 }] }],
  })
  const [slice] = await slicesOf(cluster, ({ endpoints: list = [] }) => list.length === 1)
  assert.deepEqual(slice?.endpoints?.[0]?.addresses, ['192.0.2.1'])
  assert.deepEqual(slice?.ports, [{ name: '', protocol: 'TCP', port: 5432 }])
  await client.patch(endpoints, 'default', 'web', 'merge', {
    subsets: [{ addresses: [{ ip: '192.0.2.2' }], ports: [{ port: 5432 }] }],
  })
  await slicesOf(cluster, ({ endpoints: list = [] }) => list[0]?.addresses[0] === '192.0.2.2')
  await client.delete(endpoints, 'default', 'web')
  await cluster.untilAll(endpointSlices, 'default', (slices) => slices.length === 0)
})
