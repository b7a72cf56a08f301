import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { createWorkQueue } from './create-work-queue.ts'

const never = (): void => assert.fail('no error was expected')

test('a key added twice runs once, one added while it runs runs again afterwards', async () => {
  const runs: string[] = []
  const first = Promise.withResolvers<void>()
  const queue = createWorkQueue({
    name: 'test',
    reconcile: async (key) => {
      runs.push(key)
      if (runs.length === 1) await first.promise
    },
    onError: never,
  })
  queue.add('a')
  queue.add('a')
  await Promise.resolve()
  assert.deepEqual(runs, ['a'])
  queue.add('a')
  queue.add('b')
  await Promise.resolve()
  assert.deepEqual(runs, ['a', 'b'])
  first.resolve()
  await queue.idle()
  assert.deepEqual(runs, ['a', 'b', 'a'])
})

test('runs no more than `workers` keys at once', async () => {
  let running = 0
  let most = 0
  const queue = createWorkQueue({
    name: 'test',
    workers: 2,
    reconcile: async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
    },
    onError: never,
  })
  for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key)
  await queue.idle()
  assert.equal(most, 2)
})

test('a failure is tried again after 5 ms · 2^n, and success forgets', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  try {
    const delays: number[] = []
    let last = Date.now()
    let succeed = false
    const queue = createWorkQueue({
      name: 'test',
      maxBackoffMs: 20,
      reconcile: async () => {
        delays.push(Date.now() - last)
        last = Date.now()
        if (!succeed) throw new Error('no')
      },
      onError: () => undefined,
    })
    queue.add('a')
    for (const wait of [0, 5, 10, 20, 20]) {
      mock.timers.tick(wait)
      await queue.idle()
    }
    assert.deepEqual(delays, [0, 5, 10, 20, 20])
    succeed = true
    mock.timers.tick(20)
    await queue.idle()
    succeed = false
    queue.add('a')
    await queue.idle()
    mock.timers.tick(5)
    await queue.idle()
    assert.deepEqual(delays.slice(5), [20, 0, 5])
    await queue.stop()
  } finally {
    mock.timers.reset()
  }
})

test('addAfter: the earlier delay wins', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  try {
    const runs: number[] = []
    const queue = createWorkQueue({
      name: 'test',
      reconcile: async () => {
        runs.push(Date.now())
      },
      onError: never,
    })
    queue.addAfter('a', 100)
    queue.addAfter('a', 30)
    queue.addAfter('a', 60)
    mock.timers.tick(30)
    await queue.idle()
    mock.timers.tick(200)
    await queue.idle()
    assert.deepEqual(runs, [30])
  } finally {
    mock.timers.reset()
  }
})

test('nothing runs before `ready`, and nothing new after stop, which waits for what runs', async () => {
  const ready = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const log: string[] = []
  const queue = createWorkQueue({
    name: 'test',
    workers: 1,
    ready: ready.promise,
    reconcile: async (key) => {
      log.push(`start ${key}`)
      await gate.promise
      log.push(`end ${key}`)
    },
    onError: never,
  })
  queue.add('a')
  queue.add('b')
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(log, [])
  ready.resolve()
  await new Promise((resolve) => setImmediate(resolve))
  const stopped = queue.stop()
  queue.add('c')
  gate.resolve()
  await stopped
  assert.deepEqual(log, ['start a', 'end a'])
})
