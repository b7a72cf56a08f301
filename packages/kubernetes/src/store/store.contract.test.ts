import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { StoredKubeObject } from '../api/kube-object.ts'
import { memoryJournal } from './journal.ts'
import { JournaledStore } from './journaled-store.ts'
import { SqliteJournal } from './sqlite-journal.ts'
import { type Store, StoreConflict, type StoreEvent, StoreExpired } from './store.ts'

type Options = ConstructorParameters<typeof JournaledStore>[1]

const implementations: Record<
  string,
  (use: (store: (options?: Options) => Store) => Promise<void>) => Promise<void>
> = {
  memory: (use) => use((options) => new JournaledStore(memoryJournal, options)),
  sqlite: async (use) => {
    const dir = mkdtempSync(join(tmpdir(), 'store-'))
    try {
      await use((options) => new JournaledStore(new SqliteJournal(join(dir, 'state.db')), options))
    } finally {
      rmSync(dir, { recursive: true })
    }
  },
}

const object = (name: string, data = ''): StoredKubeObject => ({ metadata: { name }, data })
const names = (items: StoredKubeObject[]) => items.map((item) => item.metadata.name)
const revisionOf = (item: StoredKubeObject) => Number(item.metadata.resourceVersion)

async function conflict(promise: Promise<unknown>, why: StoreConflict['why']): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof StoreConflict && error.why === why)
}

for (const [name, run] of Object.entries(implementations)) {
  describe(`store contract: ${name}`, () => {
    test('creates, updates and deletes under one revision counter', () =>
      run(async (open) => {
        const store = open()
        assert.equal(store.revision, 1)
        const a = await store.create('core/pods/x/a', object('a'))
        assert.equal(a.metadata.resourceVersion, '2')
        assert.equal(store.revision, 2)
        assert.deepEqual(store.get('core/pods/x/a'), a)
        const b = await store.create('core/pods/x/b', object('b'))
        const a2 = await store.update('core/pods/x/a', object('a', 'new'), revisionOf(a))
        assert.ok(revisionOf(a2) > revisionOf(b))
        const gone = await store.delete('core/pods/x/a', revisionOf(a2))
        assert.equal(gone.data, 'new')
        assert.ok(revisionOf(gone) > revisionOf(a2))
        assert.equal(store.get('core/pods/x/a'), undefined)
        assert.equal(store.revision, revisionOf(gone))
        await store.close()
      }))

    test('refuses writes that do not fit what is there, also while that is still on its way to disk', () =>
      run(async (open) => {
        const store = open()
        const first = store.create('core/pods/x/a', object('a'))
        await conflict(store.create('core/pods/x/a', object('a')), 'exists')
        const revision = revisionOf(await first)
        const [won, lost] = await Promise.allSettled([
          store.update('core/pods/x/a', object('a', '1'), revision),
          store.update('core/pods/x/a', object('a', '2'), revision),
        ])
        assert.equal(won.status, 'fulfilled')
        assert.ok(lost.status === 'rejected' && lost.reason instanceof StoreConflict)
        assert.equal(lost.reason.why, 'revision')
        assert.equal(lost.reason.current?.data, '1')
        await conflict(store.delete('core/pods/x/a', revision), 'revision')
        await conflict(store.update('core/pods/x/no', object('no'), 1), 'missing')
        await conflict(store.delete('core/pods/x/no', 1), 'missing')
        await store.close()
      }))

    test('lists by prefix in key order, in pages that all show one revision', () =>
      run(async (open) => {
        const store = open()
        for (const n of ['c', 'a', 'e', 'b', 'd']) await store.create(`core/pods/x/${n}`, object(n))
        await store.create('core/pods/xy/other', object('other'))
        await store.create('core/secrets/x/s', object('s'))
        assert.deepEqual(names(store.list('core/pods/x/').items), ['a', 'b', 'c', 'd', 'e'])
        assert.equal(store.list('core/pods/').items.length, 6)
        assert.equal(store.count('core/pods/'), 6)
        assert.equal(store.count('core/pods/x/'), 5)
        assert.equal(store.count('core/none/'), 0)

        const first = store.list('core/pods/x/', { limit: 2 })
        assert.deepEqual(names(first.items), ['a', 'b'])
        assert.equal(first.remaining, 3)
        assert.equal(first.revision, store.revision)
        const c = store.get('core/pods/x/c')
        const d = store.get('core/pods/x/d')
        await store.update('core/pods/x/c', object('c', 'later'), revisionOf(c!))
        await store.delete('core/pods/x/d', revisionOf(d!))
        await store.create('core/pods/x/cc', object('cc'))
        const second = store.list('core/pods/x/', {
          limit: 2,
          after: { key: first.next!, revision: first.revision },
        })
        assert.deepEqual(second.items, [c, d])
        assert.equal(second.remaining, 1)
        const third = store.list('core/pods/x/', {
          limit: 2,
          after: { key: second.next!, revision: second.revision },
        })
        assert.deepEqual(names(third.items), ['e'])
        assert.equal(third.next, undefined)
        assert.equal(third.revision, first.revision)
        assert.deepEqual(names(store.list('core/pods/x/').items), ['a', 'b', 'c', 'cc', 'e'])
        const exact = store.list('core/pods/x/', { after: { key: '', revision: first.revision } })
        assert.deepEqual(names(exact.items), ['a', 'b', 'c', 'd', 'e'])
        await store.close()
      }))

    test('tells watchers every commit under their prefix, past ones first, and nothing after they end', () =>
      run(async (open) => {
        const store = open()
        const a = await store.create('core/pods/x/a', object('a'))
        const since = store.revision
        await store.create('core/pods/x/b', object('b'))
        const seen: StoreEvent[] = []
        const all: string[] = []
        const end = store.watch('core/pods/x/', since, (event) => seen.push(event))
        const endAll = store.watch('', 1, (event) => all.push(event.key))
        assert.deepEqual(
          seen.map((event) => [event.type, event.key]),
          [['ADDED', 'core/pods/x/b']],
        )
        const a2 = await store.update('core/pods/x/a', object('a', '2'), revisionOf(a))
        await store.create('core/podtemplates/x/a', object('a'))
        await store.create('core/pods/y/a', object('a'))
        await store.delete('core/pods/x/a', revisionOf(a2))
        end()
        await store.create('core/pods/x/c', object('c'))
        assert.deepEqual(
          seen.map((event) => [event.type, event.object.data, event.previous?.data]),
          [
            ['ADDED', '', undefined],
            ['MODIFIED', '2', ''],
            ['DELETED', '2', '2'],
          ],
        )
        assert.equal(revisionOf(seen.at(-1)!.object), seen.at(-1)!.revision)
        assert.equal(all.length, 7)
        endAll()
        await store.close()
      }))

    test('a watch begun in a listener starts after the event that is being told', () =>
      run(async (open) => {
        const store = open()
        const inner: string[] = []
        let begun = false
        store.watch('core/pods/', store.revision, () => {
          if (begun) return
          begun = true
          store.watch('core/pods/', store.revision, (event) => inner.push(event.key))
        })
        await Promise.all(['a', 'b', 'c'].map((n) => store.create(`core/pods/x/${n}`, object(n))))
        assert.deepEqual(inner, ['core/pods/x/b', 'core/pods/x/c'])
        await store.close()
      }))

    test('forgets history past its budget of bytes and says so', () =>
      run(async (open) => {
        const store = open({ historyBytes: 20_000 })
        let current = await store.create('core/pods/x/a', object('a'))
        const page = store.list('core/', { limit: 1 })
        for (let i = 0; i < 50; i++) {
          current = await store.update('core/pods/x/a', object('a', 'x'.repeat(500)), revisionOf(current))
        }
        const expired = (error: unknown) => error instanceof StoreExpired && error.oldest > 2
        assert.throws(() => store.watch('core/pods/', 2, () => {}), expired)
        assert.throws(() => store.list('core/', { after: { key: '', revision: page.revision } }), expired)
        assert.throws(() => store.watch('core/pods/', store.revision + 1, () => {}), StoreExpired)
        const seen: number[] = []
        store.watch('core/pods/', store.revision - 5, (event) => seen.push(event.revision))
        assert.equal(seen.length, 5)
        await store.close()
      }))

    test('forgets history after some minutes, as far as there is any', () =>
      run(async (open) => {
        let now = 0
        const store = open({ now: () => now })
        const a = await store.create('core/pods/x/a', object('a'))
        const { revision } = store
        now += 10 * 60_000
        store.watch('core/pods/', revision, () => {})()
        assert.deepEqual(names(store.list('', { after: { key: '', revision } }).items), ['a'])
        await store.update('core/pods/x/a', object('a', 'new'), revisionOf(a))
        store.watch('core/pods/', revision, () => {})()
        now += 10 * 60_000
        assert.throws(() => store.watch('core/pods/', revision, () => {}), StoreExpired)
        assert.throws(() => store.list('', { after: { key: '', revision } }), StoreExpired)
        await store.close()
      }))

    test('keeps order and counts through many random changes', () =>
      run(async (open) => {
        const store = open()
        const model = new Map<string, StoredKubeObject>()
        let seed = 42
        const random = (n: number) => {
          seed = (seed * 1103515245 + 12345) % 2147483648
          return seed % n
        }
        for (let round = 0; round < 40; round++) {
          const writes = new Map<string, Promise<void>>()
          for (let i = 0; i < 100; i++) {
            const key = `core/pods/ns${random(3)}/${random(600)}`
            if (writes.has(key)) continue
            const now = model.get(key)
            const write = !now
              ? store.create(key, object(key))
              : random(3)
                ? store.update(key, object(key, String(i)), revisionOf(now))
                : store.delete(key, revisionOf(now)).then(() => undefined)
            writes.set(
              key,
              write.then((result) => void (result ? model.set(key, result) : model.delete(key))),
            )
          }
          await Promise.all(writes.values())
        }
        const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
        assert.deepEqual(store.list('').items, expected)
        for (const prefix of ['core/pods/ns0/', 'core/pods/ns1/', 'core/pods/ns2/5', '']) {
          assert.equal(store.count(prefix), [...model.keys()].filter((key) => key.startsWith(prefix)).length)
        }
        await store.close()
      }))
  })
}
