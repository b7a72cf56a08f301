import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredKubeObject } from '../api/kube-object.ts'
import { memoryStore } from '../store/open-store.ts'
import { expireEvents } from './event-expiry.ts'

const minute = 60_000

test('events go an hour after their last write, also those from before a restart', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.parse('2026-01-01T12:00:00Z') })
  const store = memoryStore()
  const event = (name: string, lastTimestamp: string): StoredKubeObject => ({
    metadata: { name, namespace: 'x' },
    lastTimestamp,
  })
  await store.create('core/events/x/late', event('late', '2026-01-01T11:50:00Z'))
  await store.create('core/events/x/early', event('early', '2026-01-01T11:30:00Z'))
  const end = expireEvents(store)
  const fresh = await store.create('core/events/x/fresh', event('fresh', '2026-01-01T12:00:00Z'))
  await store.create('core/pods/x/pod', event('pod', '2026-01-01T00:00:00Z'))
  const left = () => store.list('core/events/').items.map(({ metadata }) => metadata.name)
  const gone = () =>
    new Promise<void>((resolve) => store.watch('core/events/', store.revision, () => resolve()))

  let next = gone()
  t.mock.timers.tick(31 * minute)
  await next
  assert.deepEqual(left(), ['fresh', 'late'])
  await store.update('core/events/x/fresh', { ...fresh, count: 2 }, Number(fresh.metadata.resourceVersion))
  next = gone()
  t.mock.timers.tick(20 * minute)
  await next
  assert.deepEqual(left(), ['fresh'])
  next = gone()
  t.mock.timers.tick(41 * minute)
  await next
  assert.deepEqual(left(), [])
  assert.equal(store.count('core/pods/'), 1)
  end()
  await store.close()
})
