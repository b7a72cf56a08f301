import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PodSpec } from '../../api/types/core-v1.ts'
import { silentLogger } from '../../log.ts'
import type { NodePod } from '../pods/node-pod.ts'
import type { PodStats } from '../stats/summary.ts'
import { EvictionManager } from './eviction-manager.ts'
import { evictionMessage } from './eviction-message.ts'
import type { Evictor } from './evictor.ts'
import { type Observations, Observer } from './observations.ts'
import { rankPods } from './rank-pods.ts'
import { exceededStorage, hasStorageLimits } from './storage-limits.ts'
import { defaultThresholds, limitOf, parseThresholds, type Signal } from './thresholds.ts'

const gi = 1024 ** 3
const mi = 1024 ** 2

test('thresholds are amounts or shares; 0 is none', () => {
  const parsed = parseThresholds({
    'memory.available': '100Mi',
    'nodefs.available': '10%',
    'nodefs.inodesFree': '0%',
    'imagefs.available': '0',
  })
  assert.deepEqual(parsed, [
    { signal: 'memory.available', amount: 100 * mi },
    { signal: 'nodefs.available', share: 0.1 },
  ])
  assert.equal(limitOf(parsed[1]!, 50 * gi), 5 * gi)
  assert.throws(() => parseThresholds({ 'cpu.available': '1' }), /unsupported eviction signal cpu.available/)
  assert.throws(() => parseThresholds({ 'memory.available': 'much' }), /is no amount: much/)
  assert.throws(() => parseThresholds({ 'memory.available': '101%' }), /must be <= 100%/)
})

test('the machine has what the default thresholds want to know', async () => {
  const wanted = new Set(parseThresholds(defaultThresholds).map(({ signal }) => signal)).add('pid.available')
  const cri = { imageFsInfo: () => Promise.reject(new Error('no runtime')) }
  const observer = new Observer(cri as never, '/')
  const found = await observer.observe(wanted)
  for (const signal of [
    'memory.available',
    'nodefs.available',
    'imagefs.available',
    'pid.available',
  ] as const) {
    const { available, capacity } = found.get(signal)!
    assert.ok(available > 0 && available < capacity, signal)
  }
})

interface Asked {
  relieved: Signal[]
  limits: number
}

function manager(settings: Record<string, string>, hasLimits = false) {
  let observations: Observations = new Map()
  let now = 0
  const asked: Asked = { relieved: [], limits: 0 }
  const pressures: object[] = []
  const evictor = {
    relieve: async ({ signal }: { signal: Signal }) => {
      asked.relieved.push(signal)
    },
    enforceStorageLimits: async () => {
      asked.limits++
      return false
    },
  }
  const made = new EvictionManager(
    {
      cri: undefined as never,
      rootDir: '/',
      thresholds: parseThresholds(settings),
      evictor: async () => evictor as unknown as Evictor,
      hasStorageLimits: () => hasLimits,
      onPressure: () => pressures.push({ ...made.pressure }),
      log: silentLogger,
      now: () => now,
    },
    { observe: async () => observations } as unknown as Observer,
  )
  return {
    made,
    asked,
    pressures,
    async at(seconds: number, available: Partial<Record<Signal, number>>) {
      now = seconds * 1000
      observations = new Map(
        Object.entries(available).map(([signal, left]) => [
          signal as Signal,
          { available: left, capacity: 100 },
        ]),
      )
      await made.look()
    },
  }
}

test('pressure shows at once and stays for five minutes; memory comes before disks', async () => {
  const { made, asked, pressures, at } = manager({ 'memory.available': '10', 'nodefs.available': '20%' })
  await at(0, { 'memory.available': 10, 'nodefs.available': 20 })
  assert.deepEqual([asked.relieved, pressures], [[], []])
  await at(10, { 'memory.available': 9, 'nodefs.available': 19 })
  assert.deepEqual(asked.relieved, ['memory.available'])
  assert.deepEqual(made.pressure, { memory: true, disk: true, pid: false })
  await at(20, { 'memory.available': 50, 'nodefs.available': 19 })
  assert.deepEqual(asked.relieved, ['memory.available', 'nodefs.available'])
  await at(309, { 'memory.available': 50, 'nodefs.available': 50 })
  assert.equal(made.pressure.memory, true)
  await at(311, { 'memory.available': 50, 'nodefs.available': 50 })
  assert.deepEqual(made.pressure, { memory: false, disk: true, pid: false })
  assert.equal(pressures.length, 2)
  assert.equal(asked.relieved.length, 2)
})

test('limits on storage are looked at once a minute, and only when there are any', async () => {
  const [without, having] = [manager({}), manager({}, true)]
  for (let look = 0; look < 12; look++) {
    await without.at(look * 10, {})
    await having.at(look * 10, {})
  }
  assert.equal(without.asked.limits, 0)
  assert.equal(having.asked.limits, 2)
})

function pod(name: string, spec: Partial<PodSpec> = {}): NodePod {
  return {
    metadata: { name, namespace: 'default', uid: name },
    spec: { containers: [{ name: 'main', image: 'i' }], ...spec },
  }
}

function stats(name: string, memory: number, more: Partial<PodStats> = {}): PodStats {
  const time = '2026-01-01T00:00:00Z'
  return {
    podRef: { name, namespace: 'default', uid: name },
    startTime: time,
    containers: [{ name: 'main', startTime: time, memory: { time, workingSetBytes: memory } }],
    memory: { time, workingSetBytes: memory },
    ...more,
  }
}

const asking = (memory: string): Partial<PodSpec> => ({
  containers: [{ name: 'main', image: 'i', resources: { requests: { memory } } }],
})

test('who uses more than was asked for goes first, then the less important, then the larger', () => {
  const pods = [
    pod('modest', asking('1Gi')),
    pod('important', { ...asking('10Mi'), priority: 1000 }),
    pod('small', asking('10Mi')),
    pod('large', asking('10Mi')),
    pod('unknown'),
  ]
  const used: Record<string, number> = { modest: 900, important: 800, small: 50, large: 500 }
  const order = rankPods(
    pods,
    ({ metadata }) => (used[metadata.name] ? stats(metadata.name, used[metadata.name]! * mi) : undefined),
    'memory.available',
  )
  assert.deepEqual(
    order.map(({ metadata }) => metadata.name),
    ['unknown', 'large', 'small', 'important', 'modest'],
  )
})

test('the message says what there is too little of and who had how much', () => {
  const [threshold] = parseThresholds({ 'memory.available': '100Mi' })
  const seen = { available: 50 * mi, capacity: gi }
  assert.equal(
    evictionMessage(pod('p', asking('10Mi')), stats('p', 200 * mi), threshold!, seen),
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container main was using 200Mi, request is 10Mi, has larger consumption of memory. ',
  )
  assert.equal(
    evictionMessage(pod('p', asking('1Gi')), stats('p', 200 * mi), threshold!, seen),
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ',
  )
})

test('what a pod may write: of volumes, of its containers, in all', () => {
  const time = '2026-01-01T00:00:00Z'
  const limits = { 'ephemeral-storage': '10Mi' }
  const volume = pod('volume', { volumes: [{ name: 'data', emptyDir: { sizeLimit: '5Mi' } }] })
  const container = pod('container', { containers: [{ name: 'main', image: 'i', resources: { limits } }] })
  assert.equal(hasStorageLimits(pod('none')), false)
  assert.ok(hasStorageLimits(volume) && hasStorageLimits(container))
  const writes = (usedBytes: number): Partial<PodStats> => ({ volume: [{ time, name: 'data', usedBytes }] })
  assert.equal(exceededStorage(volume, stats('volume', 0, writes(5 * mi))), undefined)
  assert.equal(
    exceededStorage(volume, stats('volume', 0, writes(6 * mi))),
    'Usage of EmptyDir volume "data" exceeds the limit "5Mi". ',
  )
  const disk = (usedBytes: number): Partial<PodStats> => ({
    containers: [
      { name: 'main', startTime: time, rootfs: { time, usedBytes }, logs: { time, usedBytes: 0 } },
    ],
  })
  assert.equal(
    exceededStorage(container, stats('container', 0, disk(11 * mi))),
    'Container main exceeded its local ephemeral storage limit "10Mi". ',
  )
  assert.equal(
    exceededStorage(container, stats('container', 0, { 'ephemeral-storage': { time, usedBytes: 11 * mi } })),
    'Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. ',
  )
})
