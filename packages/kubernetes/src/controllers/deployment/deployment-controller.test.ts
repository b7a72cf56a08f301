import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.ts'
import type { Event, Pod } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { deployments, events, pods, replicaSets } from '../../client/resources.ts'
import { replicaSetFlavor } from '../replicaset/replica-flavor.ts'
import { startReplicaController } from '../replicaset/start-replica-controller.ts'
import { pretendNodes } from '../testing/pretend-nodes.ts'
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts'
import { startDeploymentController } from './start-deployment-controller.ts'

const labels = { app: 'web' }

function web(image: string, more: Partial<Deployment['spec']> = {}): Deployment {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } },
      ...more,
    },
  }
}

async function start(options?: Parameters<typeof pretendNodes>[1]): Promise<TestCluster> {
  const cluster = await createTestCluster()
  const { context } = cluster
  cluster.start(
    startDeploymentController(context),
    startReplicaController(context, replicaSetFlavor),
    await pretendNodes(context, options),
  )
  return cluster
}

function isDone({ metadata, status, spec }: Deployment): boolean {
  return (
    status?.observedGeneration === metadata.generation &&
    status?.updatedReplicas === spec?.replicas &&
    status?.availableReplicas === spec?.replicas &&
    (status?.replicas ?? 0) === spec?.replicas
  )
}

function done(cluster: TestCluster): Promise<Deployment | undefined> {
  return cluster.until<Deployment>(
    deployments,
    'default',
    'web',
    (deployment) => deployment !== undefined && isDone(deployment),
  )
}

test('rolls out, updates step by step, keeps history and goes back', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  await client.create(deployments, 'default', web('v1'))
  const first = await done(cluster)
  assert.equal(first?.metadata.annotations?.['deployment.kubernetes.io/revision'], '1')
  const progressing = await cluster.until<Deployment>(deployments, 'default', 'web', (deployment) => {
    return findCondition(deployment?.status?.conditions, 'Progressing')?.reason === 'NewReplicaSetAvailable'
  })
  assert.equal(findCondition(progressing?.status?.conditions, 'Available')?.status, 'True')

  let most = 0
  let fewest = Number.POSITIVE_INFINITY
  const silence = cluster.context.informers.informer<Pod>(pods).listen(() => {
    const all = cluster.context.informers.informer<Pod>(pods).list('default')
    const alive = all.filter(({ metadata }) => !metadata.deletionTimestamp)
    most = Math.max(most, alive.length)
    const ready = alive.filter(({ status }) => findCondition(status?.conditions, 'Ready')?.status === 'True')
    fewest = Math.min(fewest, ready.length)
  })
  await client.patch(deployments, 'default', 'web', 'json', [
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'v2' },
  ])
  const second = await done(cluster)
  silence()
  assert.equal(second?.metadata.annotations?.['deployment.kubernetes.io/revision'], '2')
  // 25 % of 3, rounded up and down: one more, none less.
  assert.equal(most, 4)
  assert.equal(fewest, 3)

  const sets = cluster.context.informers.informer<ReplicaSet>(replicaSets).list('default')
  assert.equal(sets.length, 2)
  const old = sets.find(({ spec }) => spec?.replicas === 0)
  assert.equal(old?.metadata.annotations?.['deployment.kubernetes.io/revision'], '1')

  // What `kubectl rollout undo` sends.
  await client.patch(deployments, 'default', 'web', 'json', [
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'v1' },
  ])
  const third = await done(cluster)
  assert.equal(third?.metadata.annotations?.['deployment.kubernetes.io/revision'], '3')
  const again = await cluster.until<ReplicaSet>(
    replicaSets,
    'default',
    old?.metadata.name ?? '',
    (set) => set?.metadata.annotations?.['deployment.kubernetes.io/revision'] === '3',
  )
  assert.equal(again?.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1')
})

test('scales in the middle of a rollout in proportion', async (t) => {
  const cluster = await start({
    // The new version never gets ready.
    outcome: (pod) => (pod.spec?.containers[0]?.image === 'v1' ? 'ready' : 'running'),
  })
  t.after(() => cluster.stop())
  const { client } = cluster
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } }
  await client.create(deployments, 'default', web('v1', { replicas: 10, strategy }))
  await done(cluster)
  await client.patch(deployments, 'default', 'web', 'json', [
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'v2' },
  ])
  const sizes = (sets: ReplicaSet[]): number[] =>
    sets.map(({ spec }) => spec?.replicas ?? 0).sort((a, b) => a - b)
  await cluster.untilAll<ReplicaSet>(replicaSets, 'default', (sets) => `${sizes(sets)}` === '5,8')
  await client.patch(
    deployments,
    'default',
    'web',
    'merge',
    { spec: { replicas: 15 } },
    { subresource: 'scale' },
  )
  // 13 pods become 18: 8 grow by 3, 5 by 2.
  await cluster.untilAll<ReplicaSet>(replicaSets, 'default', (sets) => `${sizes(sets)}` === '7,11')
})

test('Recreate waits until the old pods are gone', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  await client.create(deployments, 'default', web('v1', { strategy: { type: 'Recreate' } }))
  await done(cluster)
  let mixed = false
  cluster.context.informers.informer<Pod>(pods).listen(() => {
    const images = cluster.context.informers
      .informer<Pod>(pods)
      .list('default')
      .map(({ spec }) => spec?.containers[0]?.image)
    mixed ||= new Set(images).size > 1
  })
  await client.patch(deployments, 'default', 'web', 'json', [
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'v2' },
  ])
  await done(cluster)
  assert.equal(mixed, false)
})

test('tells in events what it does', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  await cluster.client.create(deployments, 'default', web('v1'))
  await done(cluster)
  const told = await cluster.untilAll<Event>(events, 'default', (list) => list.length >= 4)
  const scaled = told.find(({ reason }) => reason === 'ScalingReplicaSet')
  assert.match(scaled?.message ?? '', /^Scaled up replica set web-[a-z0-9]+ from 0 to 3$/)
  assert.equal(told.filter(({ reason }) => reason === 'SuccessfulCreate').length, 3)
})
