import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import type { StoredKubeObject } from '../api/kube-object.ts'
import { JournaledStore } from './journaled-store.ts'
import { openStore } from './open-store.ts'
import { SqliteJournal } from './sqlite-journal.ts'
import { StoreFailure } from './store.ts'

const object = (name: string, data = ''): StoredKubeObject => ({ metadata: { name }, data })

async function inDirectory(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'store-'))
  try {
    await use(dir)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

test('objects and revision are there again after a close', () =>
  inDirectory(async (dir) => {
    const store = openStore(join(dir, 'new/folder'))
    const a = await store.create('core/pods/x/a', object('a', 'ä€😀'))
    const b = await store.create('core/pods/x/b', object('b'))
    await store.delete('core/pods/x/b', Number(b.metadata.resourceVersion))
    const { revision } = store
    await store.close()
    assert.equal(statSync(join(dir, 'new/folder/state.db')).mode & 0o777, 0o600)
    const again = openStore(join(dir, 'new/folder'))
    assert.equal(again.revision, revision)
    assert.deepEqual(again.list('').items, [a])
    const c = await again.create('core/pods/x/c', object('c'))
    assert.ok(Number(c.metadata.resourceVersion) > revision)
    await again.close()
  }))

test('a second process is refused, a damaged file is named', () =>
  inDirectory(async (dir) => {
    const store = openStore(dir)
    await store.create('core/pods/x/a', object('a'))
    assert.throws(
      () => openStore(dir),
      (error) => error instanceof StoreFailure && /another process is using it/.test(error.message),
    )
    await store.close()
    writeFileSync(join(dir, 'state.db'), 'this is no database, and long enough to be looked at'.repeat(20))
    assert.throws(
      () => openStore(dir),
      (error) =>
        error instanceof StoreFailure &&
        /state\.db .*damaged/.test(error.message) &&
        error.message.includes(join(dir, 'state.db')),
    )
  }))

test('the write-ahead log stays bounded and nothing is lost over checkpoints', () =>
  inDirectory(async (dir) => {
    const store = openStore(dir)
    const data = 'x'.repeat(20_000)
    for (let i = 0; i < 40; i++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, j) => store.create(`core/pods/x/${i}-${j}`, object('o', data))),
      )
      assert.ok(statSync(join(dir, 'state.db-wal')).size < 6 << 20)
    }
    await store.close()
    const again = openStore(dir)
    assert.equal(again.count(''), 800)
    await again.close()
  }))

const asRoot = process.getuid?.() === 0
test('a full disk fails the write and nothing else; with room again, writes work', { skip: !asRoot }, (t) =>
  inDirectory(async (dir) => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'pipe' })
    } catch {
      return t.skip('mounting is not allowed here')
    }
    try {
      const store = openStore(dir)
      const events: string[] = []
      store.watch('', store.revision, (event) => events.push(event.key))
      const kept = await store.create('core/pods/x/kept', object('kept'))
      writeFileSync(join(dir, 'ballast'), Buffer.alloc(700_000))
      const revision = store.revision
      await assert.rejects(
        store.create('core/pods/x/big', object('big', 'x'.repeat(400_000))),
        (error) => error instanceof StoreFailure && /the disk is full/.test(error.message),
      )
      assert.equal(store.get('core/pods/x/big'), undefined)
      assert.equal(store.revision, revision)
      assert.deepEqual(events, ['core/pods/x/kept'])
      rmSync(join(dir, 'ballast'))
      const big = await store.create('core/pods/x/big', object('big', 'x'.repeat(100_000)))
      assert.ok(Number(big.metadata.resourceVersion) > revision)
      await store.close()
      const again = openStore(dir)
      assert.deepEqual(again.list('').items, [big, kept])
      await again.close()
    } finally {
      execFileSync('umount', [dir])
    }
  }),
)

test('a failed sync leaves no trace of the group on disk', () =>
  inDirectory(async (dir) => {
    const path = join(dir, 'state.db')
    const journal = new SqliteJournal(path)
    // The commit happens, the acknowledgement does not: what a failing fdatasync looks like.
    let failing = false
    const store = new JournaledStore({
      revision: journal.revision,
      load: () => journal.load(),
      commit: async (changes) => {
        await journal.commit(changes)
        if (failing) throw new StoreFailure('cannot be synced')
      },
      close: () => journal.close(),
    })
    const a = await store.create('core/pods/x/a', object('a', 'old'))
    failing = true
    await assert.rejects(
      store.update('core/pods/x/a', object('a', 'new'), Number(a.metadata.resourceVersion)),
    )
    await assert.rejects(store.create('core/pods/x/b', object('b')))
    failing = false
    assert.deepEqual(store.list('').items, [a])
    const c = await store.create('core/pods/x/c', object('c'))
    await store.close()
    const again = openStore(dir)
    assert.deepEqual(again.list('').items, [a, c])
    assert.equal(again.revision, Number(c.metadata.resourceVersion))
    await again.close()
  }))

test('kill -9 at random moments loses no acknowledged write and never turns the revision back', () =>
  inDirectory(async (dir) => {
    const writer = new URL('./testing/counting-writer.ts', import.meta.url).pathname
    /** What the writers were told: the last acknowledged counter of each key, and the highest revision. */
    const acknowledged = new Map<string, number>()
    let revision = 0
    for (let round = 0; round < 25; round++) {
      const child = spawn(process.execPath, [writer, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
      const exited = new Promise((resolve) => child.once('close', resolve))
      let lines = 0
      const killAt = 1 + Math.floor(Math.random() * 400)
      for await (const line of createInterface({ input: child.stdout })) {
        const [what, key, counter, at] = line.split(' ') as [string, string, string, string]
        if (what === 'opened') {
          assert.ok(Number(key) >= revision, `revision ${key} after ${revision}`)
        } else {
          acknowledged.set(key, Number(counter))
          assert.ok(Number(at) > 0)
          revision = Math.max(revision, Number(at))
        }
        if (++lines === killAt) child.kill('SIGKILL')
      }
      await exited
      const store = openStore(dir)
      assert.ok(store.revision >= revision)
      for (const [key, counter] of acknowledged) {
        const stored = Number(store.get(key)?.counter)
        assert.ok(stored >= counter, `${key}: ${stored} stored, ${counter} acknowledged`)
      }
      await store.close()
    }
    assert.ok(existsSync(join(dir, 'state.db')))
    assert.ok(acknowledged.size > 0)
  }))
