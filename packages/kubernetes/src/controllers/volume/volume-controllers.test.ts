import assert from 'node:assert/strict'
import { access, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts'
import type { StorageClass, VolumeAttributesClass } from '../../api/types/storage-v1.ts'
import {
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
  volumeAttributesClasses,
} from '../../client/resources.ts'
import { startHostPathAgent } from '../../kubelet/hostpath-agent.ts'
import { pretendNodes } from '../testing/pretend-nodes.ts'
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts'
import { startHostPathProvisioner } from './start-hostpath-provisioner.ts'
import { startVolumeBinder } from './start-volume-binder.ts'
import { startVolumeExpander } from './start-volume-expander.ts'
import {
  startAttributesClassProtection,
  startClaimProtection,
  startVolumeProtection,
} from './start-volume-protection.ts'

async function start(baseDir = '/nowhere'): Promise<TestCluster> {
  const cluster = await createTestCluster()
  const { context } = cluster
  cluster.start(
    startVolumeBinder(context),
    startHostPathProvisioner(context, baseDir),
    startVolumeExpander(context),
    startClaimProtection(context),
    startVolumeProtection(context),
    startAttributesClassProtection(context),
    await pretendNodes(context),
  )
  return cluster
}

function claim(name: string, more: Partial<PersistentVolumeClaim['spec']> = {}): PersistentVolumeClaim {
  return {
    metadata: { name, namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...more },
  }
}

function volume(name: string, storage: string): PersistentVolume {
  return {
    metadata: { name },
    spec: {
      capacity: { storage },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: `/mnt/${name}` },
      storageClassName: 'manual',
      persistentVolumeReclaimPolicy: 'Retain',
    },
  }
}

test('claims get the smallest volume that fits; a released one is kept', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  for (const [name, size] of [
    ['small', '500Mi'],
    ['large', '5Gi'],
    ['fitting', '1Gi'],
  ] as const) {
    await client.create(persistentVolumes, undefined, volume(name, size))
  }
  await cluster.untilAll<PersistentVolume>(persistentVolumes, '', (all) =>
    all.every(({ status }) => status?.phase === 'Available'),
  )
  await client.create(persistentVolumeClaims, 'default', claim('c', { storageClassName: 'manual' }))
  const bound = await cluster.until<PersistentVolumeClaim>(
    persistentVolumeClaims,
    'default',
    'c',
    (object) => object?.status?.phase === 'Bound',
  )
  assert.equal(bound?.spec?.volumeName, 'fitting')
  assert.deepEqual(bound?.status?.capacity, { storage: '1Gi' })
  await client.delete(persistentVolumeClaims, 'default', 'c')
  await cluster.until<PersistentVolume>(
    persistentVolumes,
    '',
    'fitting',
    (object) => object?.status?.phase === 'Released',
  )
})

test('a claim that a pod uses stays until the pod is gone', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  await client.create(persistentVolumeClaims, 'default', claim('used', { storageClassName: '' }))
  await client.create(pods, 'default', {
    metadata: { name: 'user' },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'used' } }],
    },
  })
  await cluster.until<Pod>(pods, 'default', 'user', (pod) => pod?.status?.phase === 'Running')
  await client.delete(persistentVolumeClaims, 'default', 'used')
  const waiting = await client.get<PersistentVolumeClaim>(persistentVolumeClaims, 'default', 'used')
  assert.ok(waiting.metadata.deletionTimestamp)
  await client.delete(pods, 'default', 'user')
  await cluster.until(persistentVolumeClaims, 'default', 'used', (object) => object === undefined)
})

test('a class of volume attributes stays while a claim wants it', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  for (const name of ['wanted', 'unused']) {
    await client.create(volumeAttributesClasses, undefined, {
      metadata: { name },
      driverName: 'example.com',
      parameters: { iops: '1' },
    })
  }
  const wanting = claim('c', { storageClassName: '', volumeAttributesClassName: 'wanted' })
  await client.create(persistentVolumeClaims, 'default', wanting)
  await client.delete(volumeAttributesClasses, undefined, 'wanted')
  await client.delete(volumeAttributesClasses, undefined, 'unused')
  await cluster.until(volumeAttributesClasses, '', 'unused', (object) => object === undefined)
  const kept = await client.get<VolumeAttributesClass>(volumeAttributesClasses, undefined, 'wanted')
  assert.deepEqual(kept.metadata.finalizers, ['kubernetes.io/vac-protection'])
  await client.delete(persistentVolumeClaims, 'default', 'c')
  await cluster.until(volumeAttributesClasses, '', 'wanted', (object) => object === undefined)
})

test('the default class makes a directory on the chosen node, grows it and removes it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'volumes-'))
  const cluster = await start(folder)
  const agent = startHostPathAgent({
    client: cluster.client,
    informers: cluster.context.informers,
    nodeName: 'node-1',
    log: cluster.context.log,
  })
  t.after(async () => {
    await agent.stop()
    await cluster.stop()
    await rm(folder, { recursive: true })
  })
  const { client } = cluster
  await cluster.until<StorageClass>(storageClasses, '', 'standard', Boolean)
  await client.create(persistentVolumeClaims, 'default', claim('data', { storageClassName: 'standard' }))
  // The scheduler's part.
  await client.patch(persistentVolumeClaims, 'default', 'data', 'merge', {
    metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'node-1' } },
  })
  const bound = await cluster.until<PersistentVolumeClaim>(
    persistentVolumeClaims,
    'default',
    'data',
    (object) => object?.status?.phase === 'Bound',
  )
  const name = bound?.spec?.volumeName ?? ''
  const made = await client.get<PersistentVolume>(persistentVolumes, undefined, name)
  const path = made.spec?.hostPath?.path ?? ''
  assert.equal(path, join(folder, `${name}_default_data`))
  await t.waitFor(async () => assert.equal((await stat(path)).mode & 0o777, 0o777))

  await client.patch(persistentVolumeClaims, 'default', 'data', 'merge', {
    spec: { resources: { requests: { storage: '2Gi' } } },
  })
  await cluster.until<PersistentVolumeClaim>(
    persistentVolumeClaims,
    'default',
    'data',
    (object) => object?.status?.capacity?.storage === '2Gi',
  )

  await client.delete(persistentVolumeClaims, 'default', 'data')
  await cluster.until(persistentVolumes, '', name, (object) => object === undefined)
  await assert.rejects(access(path))
})
