import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatefulSet } from '../../api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts'
import { persistentVolumeClaims, pods, statefulSets } from '../../client/resources.ts'
import { startGarbageCollector } from '../garbagecollector/start-garbage-collector.ts'
import { pretendNodes } from '../testing/pretend-nodes.ts'
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts'
import { startStatefulSetController } from './start-stateful-set-controller.ts'

const labels = { app: 'db' }

function db(more: Partial<StatefulSet['spec']> = {}): StatefulSet {
  return {
    metadata: { name: 'db', namespace: 'default' },
    spec: {
      replicas: 3,
      serviceName: 'db',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'db', image: 'v1' }] } },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
      ...more,
    },
  }
}

async function start(): Promise<TestCluster> {
  const cluster = await createTestCluster()
  const { context } = cluster
  cluster.start(
    startStatefulSetController(context),
    startGarbageCollector(context, cluster.resources),
    await pretendNodes(context),
  )
  return cluster
}

/** Logs `+db-0` when a pod comes and `-db-0` when it begins to go. */
function follow(cluster: TestCluster): string[] {
  const log: string[] = []
  cluster.context.informers.informer<Pod>(pods).listen(({ current, old }) => {
    if (current && !old) log.push(`+${current.metadata.name}`)
    if (current?.metadata.deletionTimestamp && !old?.metadata.deletionTimestamp) {
      log.push(`-${current.metadata.name}`)
    }
  })
  return log
}

function ready(cluster: TestCluster, replicas: number, more: (set: StatefulSet) => boolean = () => true) {
  return cluster.until<StatefulSet>(statefulSets, 'default', 'db', (set) => {
    const { status } = set ?? {}
    return (
      set !== undefined &&
      status?.replicas === replicas &&
      (status.readyReplicas ?? 0) === replicas &&
      status.observedGeneration === set.metadata.generation &&
      more(set)
    )
  })
}

test('pods come in order, with their names, claims and labels; they go in reverse', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const log = follow(cluster)
  await cluster.client.create(statefulSets, 'default', db())
  await ready(cluster, 3)
  assert.deepEqual(log, ['+db-0', '+db-1', '+db-2'])
  const pod = await cluster.client.get<Pod>(pods, 'default', 'db-1')
  assert.equal(pod.spec?.hostname, 'db-1')
  assert.equal(pod.spec?.subdomain, 'db')
  assert.equal(pod.metadata.labels?.['apps.kubernetes.io/pod-index'], '1')
  assert.equal(pod.spec?.volumes?.[0]?.persistentVolumeClaim?.claimName, 'data-db-1')
  await cluster.client.patch(statefulSets, 'default', 'db', 'merge', { spec: { replicas: 1 } })
  await ready(cluster, 1)
  assert.deepEqual(log.slice(3), ['-db-2', '-db-1'])
  const claims = await cluster.client.list<PersistentVolumeClaim>(persistentVolumeClaims, {
    namespace: 'default',
  })
  assert.equal(claims.items.length, 3)
})

test('an update goes from the highest ordinal down to the partition', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  await cluster.client.create(
    statefulSets,
    'default',
    db({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } }),
  )
  await ready(cluster, 3)
  const log = follow(cluster)
  await cluster.client.patch(statefulSets, 'default', 'db', 'json', [
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'v2' },
  ])
  const set = await ready(cluster, 3, ({ status }) => status?.updatedReplicas === 2)
  assert.deepEqual(
    log.filter((entry) => entry.startsWith('-')),
    ['-db-2', '-db-1'],
  )
  assert.equal(set?.status?.currentReplicas, 1)
  assert.notEqual(set?.status?.currentRevision, set?.status?.updateRevision)
  // A pod below the partition comes back as it was.
  await cluster.client.delete(pods, 'default', 'db-0', { gracePeriodSeconds: 0 })
  const back = await cluster.until<Pod>(pods, 'default', 'db-0', (pod) => pod?.status?.phase === 'Running')
  assert.equal(back?.spec?.containers[0]?.image, 'v1')
  await cluster.client.patch(statefulSets, 'default', 'db', 'merge', {
    spec: { updateStrategy: { rollingUpdate: { partition: 0 } } },
  })
  await ready(
    cluster,
    3,
    ({ status }) => status?.updatedReplicas === 3 && status.currentRevision === status.updateRevision,
  )
})

test('the retention policy takes claims away with scaled down pods, and with the set', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const policy = { whenDeleted: 'Delete', whenScaled: 'Delete' }
  await cluster.client.create(
    statefulSets,
    'default',
    db({ replicas: 2, podManagementPolicy: 'Parallel', persistentVolumeClaimRetentionPolicy: policy }),
  )
  await ready(cluster, 2)
  // Nobody else is there to take the claims' protection off.
  cluster.context.informers.informer<PersistentVolumeClaim>(persistentVolumeClaims).listen(({ current }) => {
    if (!current?.metadata.deletionTimestamp || !current.metadata.finalizers?.length) return
    const { namespace, name = '' } = current.metadata
    void cluster.client.patch(persistentVolumeClaims, namespace, name, 'merge', {
      metadata: { finalizers: null },
    })
  })
  await cluster.client.patch(statefulSets, 'default', 'db', 'merge', { spec: { replicas: 1 } })
  await cluster.until(persistentVolumeClaims, 'default', 'data-db-1', (claim) => claim === undefined)
  await cluster.client.delete(statefulSets, 'default', 'db')
  await cluster.untilAll(persistentVolumeClaims, 'default', (claims) => claims.length === 0)
  await cluster.untilAll(pods, 'default', (all) => all.length === 0)
})
