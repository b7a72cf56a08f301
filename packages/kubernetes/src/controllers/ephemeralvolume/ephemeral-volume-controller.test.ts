import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts'
import { isControlledBy } from '../../client/owner-reference.ts'
import { events, persistentVolumeClaims, pods } from '../../client/resources.ts'
import { createTestCluster } from '../testing/test-cluster.ts'
import { startEphemeralVolumeController } from './start-ephemeral-volume-controller.ts'

const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }

function user(name: string): Pod {
  const volumeClaimTemplate = { metadata: { labels: { app: 'scratch' } }, spec }
  return {
    metadata: { name },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'data', ephemeral: { volumeClaimTemplate } }],
    },
  }
}

test('a pod gets its own claim, again when that is deleted; a claim of others is not taken', async (t) => {
  const cluster = await createTestCluster()
  t.after(() => cluster.stop())
  cluster.start(startEphemeralVolumeController(cluster.context))
  const { client } = cluster
  const pod = await client.create<Pod>(pods, 'default', user('one'))
  const claim = await cluster.until<PersistentVolumeClaim>(
    persistentVolumeClaims,
    'default',
    'one-data',
    (object) => object !== undefined,
  )
  assert.ok(claim && isControlledBy(claim, pod))
  assert.deepEqual(claim.metadata.labels, { app: 'scratch' })
  await client.patch(persistentVolumeClaims, 'default', 'one-data', 'merge', {
    metadata: { finalizers: null },
  })
  await client.delete(persistentVolumeClaims, 'default', 'one-data')
  await cluster.until<PersistentVolumeClaim>(
    persistentVolumeClaims,
    'default',
    'one-data',
    (object) => object !== undefined && object.metadata.uid !== claim.metadata.uid,
  )

  await client.create(persistentVolumeClaims, 'default', { metadata: { name: 'two-data' }, spec })
  await client.create(pods, 'default', user('two'))
  const told = await cluster.untilAll<Event>(events, 'default', (all) => all.length > 0)
  assert.equal(told[0]?.reason, 'EphemeralVolumeCreateFailed')
  assert.match(told[0]?.message ?? '', /"default\/two-data" was not created for pod "default\/two"/)
})
