import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { Node, NodeSpec, Pod, PodSpec } from '../api/types/core-v1.ts'
import { createInformerFactory } from '../client/create-informer-factory.ts'
import * as resources from '../client/resources.ts'
import { MemoryClient } from '../client/testing/memory-client.ts'
import { silentLogger } from '../log.ts'
import { startScheduler } from './start-scheduler.ts'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** A scheduler on a cluster in memory. */
function cluster() {
  const client = new MemoryClient()
  const informers = createInformerFactory(client, { log: silentLogger })
  const events: string[] = []
  const recorder = {
    event(about: { metadata?: { name?: string } }, _type: string, reason: string, message: string) {
      events.push(`${about.metadata?.name} ${reason}: ${message}`)
    },
  }
  const pods = informers.informer<Pod>(resources.pods)
  const nodes = informers.informer<Node>(resources.nodes)
  const scheduler = startScheduler({ client, informers, recorder, log: silentLogger })
  ends.push(
    () => informers.stop(),
    () => scheduler.stop(),
  )

  /** Resolves when the pod is as wanted. */
  function until(name: string, wanted: (pod: Pod | undefined) => boolean): Promise<Pod | undefined> {
    return new Promise((resolve) => {
      const stop = pods.listen(check)
      function check() {
        const pod = pods.get('default', name)
        if (!wanted(pod)) return
        queueMicrotask(() => stop())
        resolve(pod)
      }
      check()
    })
  }
  return {
    client,
    events,
    until,
    /** Resolves when the caches show that many nodes. */
    seen: (count: number) =>
      new Promise<void>((resolve) => {
        nodes.listen(() => {
          if (nodes.list().length === count) resolve()
        })
      }),
    /** Node of a pod, once it has one. */
    placed: async (name: string) =>
      (await until(name, (pod) => Boolean(pod?.spec?.nodeName)))?.spec?.nodeName,
    /** Message of the pod's PodScheduled condition, once it says that there is no node. */
    refused: async (name: string, after = '') => {
      const pod = await until(name, (pod) => ![undefined, after].includes(refusalOf(pod)))
      return refusalOf(pod)
    },
    node(
      name: string,
      more: { spec?: NodeSpec; labels?: Record<string, string>; cpu?: string; pods?: string } = {},
    ) {
      const { spec = {}, labels = {}, cpu = '4', pods = '110' } = more
      client.put<Node>(resources.nodes, {
        metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
        spec,
        status: { allocatable: { cpu, memory: '8Gi', pods } },
      })
    },
    pod(
      name: string,
      spec: Partial<PodSpec> = {},
      more: { cpu?: string; labels?: Record<string, string> } = {},
    ) {
      const requests: Record<string, string> = more.cpu === undefined ? {} : { cpu: more.cpu }
      return client.put<Pod>(resources.pods, {
        metadata: { name, namespace: 'default', labels: more.labels ?? {} },
        spec: {
          containers: [{ name: 'c', image: 'i', resources: { requests } }],
          schedulerName: 'default-scheduler',
          ...spec,
        },
        status: {},
      })
    },
  }
}

function refusalOf(pod: Pod | undefined): string | undefined {
  return pod?.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
    ?.message
}

test('a pod gets the only node, and an event says so', async () => {
  const { node, pod, placed, events, client } = cluster()
  node('n1')
  pod('p')
  assert.equal(await placed('p'), 'n1')
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(events, ['p Scheduled: Successfully assigned default/p to n1'])
  assert.deepEqual(client.writes, ['create pods/binding'])
})

test('a pod of another scheduler is left alone', async () => {
  const { node, pod, placed, client } = cluster()
  node('n1')
  pod('other', { schedulerName: 'mine' })
  pod('p')
  await placed('p')
  assert.deepEqual(client.writes, ['create pods/binding'])
})

test('without nodes, and once one is there', async () => {
  const { node, pod, placed, refused } = cluster()
  pod('p')
  assert.equal(await refused('p'), 'no nodes available to schedule pods')
  node('n1')
  assert.equal(await placed('p'), 'n1')
})

test('messages are upstream’s, sorted and counted', async () => {
  const { node, pod, refused, seen } = cluster()
  node('n1', { cpu: '1', pods: '0' })
  node('n2', { cpu: '1' })
  node('n3', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } })
  node('n4', { spec: { unschedulable: true } })
  await seen(4)
  pod('p', {}, { cpu: '2' })
  assert.equal(
    await refused('p'),
    '0/4 nodes are available: 1 Too many pods, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient cpu. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.',
  )
  pod('q', { nodeSelector: { a: 'b' } })
  assert.match(
    (await refused('q')) ?? '',
    /^0\/4 nodes are available: 1 node\(s\) had untolerated taint\(s\), 1 node\(s\) were unschedulable, 2 node\(s\) didn't match Pod's node affinity\/selector\. preemption: /,
  )
})

test('a pod is not tried again because of what is written about it', async () => {
  const { node, pod, refused, until, events, client } = cluster()
  node('n1', { cpu: '1' })
  pod('p', {}, { cpu: '2' })
  await refused('p')
  await client.patch(resources.pods, 'default', 'p', 'merge', { metadata: { annotations: { a: 'b' } } })
  await until('p', (pod) => pod?.metadata.annotations?.a === 'b')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(events.filter((event) => event.startsWith('p FailedScheduling')).length, 1)
})

test('a full node takes the next pod when one leaves', async () => {
  const { node, pod, placed, refused, client } = cluster()
  node('n1', { cpu: '1' })
  pod('first', {}, { cpu: '600m' })
  await placed('first')
  pod('second', {}, { cpu: '600m' })
  assert.equal(
    await refused('second'),
    '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  )
  client.remove(resources.pods, 'default', 'first')
  assert.equal(await placed('second'), 'n1')
})

test('room is made for a pod of higher priority', async () => {
  const { node, pod, placed, until, client, events } = cluster()
  node('n1', { cpu: '1' })
  pod('cheap', { priority: 0 }, { cpu: '500m' })
  pod('cheaper', { priority: -1 }, { cpu: '500m' })
  await Promise.all([placed('cheap'), placed('cheaper')])
  pod('dear', { priority: 10 }, { cpu: '500m' })
  assert.equal(await placed('dear'), 'n1')
  assert.equal(await until('cheaper', (left) => left === undefined), undefined)
  const cheap = await client.get<Pod>(resources.pods, 'default', 'cheap')
  assert.equal(cheap.spec?.nodeName, 'n1')
  assert.ok(events.some((event) => /^cheaper Preempted: Preempted by pod .* on node n1$/.test(event)))
})

test('a gated pod waits until its gates are gone', async () => {
  const { node, pod, placed, client } = cluster()
  node('n1')
  pod('p', { schedulingGates: [{ name: 'wait' }] })
  pod('q')
  await placed('q')
  assert.deepEqual(client.writes, ['create pods/binding'])
  pod('p', { schedulingGates: [] })
  assert.equal(await placed('p'), 'n1')
})

test('host ports, affinity and spreading choose between nodes', async () => {
  const { node, pod, placed, refused, seen } = cluster()
  node('n1')
  node('n2')
  await seen(2)
  const port = { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] }
  pod('a', port)
  pod('b', port)
  const taken = await Promise.all([placed('a'), placed('b')])
  assert.deepEqual(taken.sort(), ['n1', 'n2'])
  pod('c', port)
  assert.match(
    (await refused('c')) ?? '',
    /2 node\(s\) didn't have free ports for the requested pod ports\. preemption/,
  )

  const together = {
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: { app: 'x' } }, topologyKey: 'kubernetes.io/hostname' },
        ],
      },
    },
  }
  pod('x1', together, { labels: { app: 'x' } })
  pod('x2', together, { labels: { app: 'x' } })
  assert.equal(await placed('x1'), await placed('x2'))

  const apart = (name: string) =>
    pod(
      name,
      {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: { matchLabels: { app: 'y' } },
          },
        ],
      },
      { labels: { app: 'y' } },
    )
  for (const name of ['y1', 'y2', 'y3', 'y4']) apart(name)
  const places = await Promise.all(['y1', 'y2', 'y3', 'y4'].map(placed))
  assert.equal(places.filter((place) => place === 'n1').length, 2)
})

test('a claim that waits for its consumer gets its node, and the pod waits for the claim', async () => {
  const { node, pod, placed, refused, client, until } = cluster()
  node('n1')
  pod('p', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] })
  assert.equal(
    await refused('p'),
    '0/1 nodes are available: persistentvolumeclaim "data" not found. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  )
  client.put(resources.storageClasses, {
    metadata: { name: 'standard' },
    provisioner: 'example.com/hostpath',
    volumeBindingMode: 'WaitForFirstConsumer',
  })
  const claim = client.put(resources.persistentVolumeClaims, {
    metadata: { name: 'data', namespace: 'default', annotations: {} as Record<string, string> },
    spec: { storageClassName: 'standard', resources: { requests: { storage: '1Gi' } }, volumeName: '' },
  })
  const selected = new Promise<typeof claim>((resolve) => {
    void (async () => {
      const signal = new AbortController()
      ends.push(() => signal.abort())
      for await (const { object } of client.watch<typeof claim>(resources.persistentVolumeClaims, signal)) {
        if (object.metadata.annotations?.['volume.kubernetes.io/selected-node'] === 'n1') resolve(object)
      }
    })()
  })
  const chosen = await selected
  assert.equal((await client.get<Pod>(resources.pods, 'default', 'p')).spec?.nodeName, undefined)
  client.put(resources.persistentVolumes, {
    metadata: { name: 'pv1' },
    spec: { capacity: { storage: '1Gi' } },
  })
  client.put(resources.persistentVolumeClaims, {
    ...chosen,
    metadata: {
      ...chosen.metadata,
      annotations: { ...chosen.metadata.annotations, 'pv.kubernetes.io/bind-completed': 'yes' },
    },
    spec: { ...chosen.spec, volumeName: 'pv1' },
  })
  assert.equal(await placed('p'), 'n1')
  await until('p', (pod) => Boolean(pod))
})

test('a thousand pods on one node take less than a millisecond each', async (t) => {
  const { node, pod, placed } = cluster()
  node('n1', { cpu: '1000', pods: '2000' })
  pod('warm')
  await placed('warm')
  const began = performance.now()
  const names = Array.from({ length: 1000 }, (_, index) => `p${index}`)
  for (const name of names) pod(name, {}, { cpu: '1m' })
  await placed('p999')
  const each = (performance.now() - began) / names.length
  t.diagnostic(`${each.toFixed(3)} ms per pod`)
  assert.ok(each < 1, `${each} ms`)
})

test('thousands of pods that wait do not slow down those that need not', async (t) => {
  const { node, pod, placed, refused, client, until } = cluster()
  node('n1', { cpu: '10', pods: '2000' })
  for (let index = 0; index < 3000; index++) pod(`waiting${index}`, {}, { cpu: '20' })
  await refused('waiting2999')
  pod('first')
  await placed('first')
  const began = performance.now()
  for (let index = 0; index < 100; index++) {
    await client.patch(resources.pods, 'default', 'first', 'strategic', {
      status: { hostIP: `10.0.0.${index}` },
    })
  }
  await until('first', (pod) => pod?.status?.hostIP === '10.0.0.99')
  pod('second')
  await placed('second')
  const ms = performance.now() - began
  t.diagnostic(`${ms.toFixed(1)} ms`)
  assert.ok(ms < 500, `${ms} ms`)
})
