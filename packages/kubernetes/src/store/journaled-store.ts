import type { StoredKubeObject } from '../api/kube-object.ts'
import { History } from './history.ts'
import type { Journal, JournalChange } from './journal.ts'
import { SortedMap } from './sorted-map.ts'
import { type Store, StoreConflict, type StoreEvent, StoreExpired, type StorePage } from './store.ts'

const defaultHistoryBytes = 8 << 20

export interface StoreOptions {
  /** Budget of the watch window. */
  historyBytes?: number
  /** Milliseconds since the epoch. */
  now?: () => number
}

/** A change on its way to disk. */
interface PendingWrite {
  event: StoreEvent
  value: string | undefined
  resolve(object: StoredKubeObject): void
  reject(error: unknown): void
}

interface Watcher {
  prefix: string
  since: number
  listener: (event: StoreEvent) => void
}

/**
 * Objects in memory, changes through a journal. Writes of one turn of the event loop, and those that arrive while a
 * group is being committed, form one group. Only when the journal has it on disk are memory, history, watchers and
 * writers told, in this order. Writes to a key with a write under way wait for that one's fate first.
 */
export class JournaledStore implements Store {
  readonly #journal: Journal
  readonly #objects = new SortedMap<StoredKubeObject>()
  readonly #history: History
  /** By `<group>/<resource>/`, so that a commit asks only those who may care; shorter prefixes are under ''. */
  readonly #watchers = new Map<string, Set<Watcher>>()
  /** Settles (never rejects) when the key's write under way has been committed or has failed. */
  readonly #busy = new Map<string, Promise<void>>()
  #group: PendingWrite[] = []
  #committing: Promise<void> | undefined
  #revision: number
  #lastGiven: number
  /** Keys of failed groups: whatever their rows hold by now, the next group writes the true state over it. */
  #doubtful = new Set<string>()
  #closed = false

  constructor(journal: Journal, options: StoreOptions = {}) {
    this.#journal = journal
    this.#revision = Math.max(1, journal.revision)
    this.#lastGiven = this.#revision
    this.#history = new History(options.historyBytes ?? defaultHistoryBytes, this.#revision, options.now)
    for (const { key, object } of journal.load()) this.#objects.set(key, object)
  }

  get revision(): number {
    return this.#revision
  }

  get(key: string): StoredKubeObject | undefined {
    return this.#objects.get(key)
  }

  list(
    prefix: string,
    options: { limit?: number; after?: { key: string; revision: number } } = {},
  ): StorePage {
    const { limit = 0, after } = options
    if (after && after.revision < this.#revision) return this.#listPast(prefix, limit, after)
    const items: StoredKubeObject[] = []
    let last = ''
    for (const [key, object] of this.#objects.entries(prefix, after?.key)) {
      items.push(object)
      last = key
      if (items.length === limit) break
    }
    const remaining = limit ? this.#objects.count(prefix, last || after?.key) : 0
    return { items, revision: this.#revision, ...(remaining && { next: last, remaining }) }
  }

  /** The state at an older revision: today's with the changes since then taken back. */
  #listPast(prefix: string, limit: number, after: { key: string; revision: number }): StorePage {
    const then = new Map<string, StoredKubeObject | undefined>()
    for (const event of this.#history.since(prefix, after.revision)) {
      if (event.key > after.key && !then.has(event.key)) then.set(event.key, event.previous)
    }
    const gone = [...then]
      .filter(([key, object]) => object && !this.#objects.get(key))
      .sort(byKey)
      .reverse()
    const items: StoredKubeObject[] = []
    let last = ''
    let remaining = 0
    const add = (key: string, object: StoredKubeObject | undefined): void => {
      if (!object) return
      if (limit && items.length === limit) remaining++
      else {
        items.push(object)
        last = key
      }
    }
    for (const [key, object] of this.#objects.entries(prefix, after.key)) {
      for (let next = gone.at(-1); next && next[0] < key; next = gone.at(-1)) add(...gone.pop()!)
      add(key, then.has(key) ? then.get(key) : object)
    }
    while (gone.length > 0) add(...gone.pop()!)
    return { items, revision: after.revision, ...(remaining && { next: last, remaining }) }
  }

  count(prefix: string): number {
    return this.#objects.count(prefix)
  }

  create(key: string, object: StoredKubeObject): Promise<StoredKubeObject> {
    return this.#write(key, (current) => {
      if (current) throw new StoreConflict('exists', key, current)
      return { type: 'ADDED', object }
    })
  }

  update(key: string, object: StoredKubeObject, expected: number): Promise<StoredKubeObject> {
    return this.#write(key, (current) => {
      checkRevision(key, current, expected)
      return { type: 'MODIFIED', object }
    })
  }

  delete(key: string, expected: number): Promise<StoredKubeObject> {
    return this.#write(key, (current) => ({ type: 'DELETED', object: checkRevision(key, current, expected) }))
  }

  watch(prefix: string, since: number, listener: (event: StoreEvent) => void): () => void {
    if (since > this.#revision) throw new StoreExpired(since, this.#revision)
    // The window is read to its end before the listener runs: what it does may change it.
    const past = since < this.#revision ? [...this.#history.since(prefix, since)] : []
    const watcher = { prefix, since: this.#revision, listener }
    const bucket = bucketOf(prefix)
    const watchers = this.#watchers.get(bucket) ?? new Set()
    this.#watchers.set(bucket, watchers.add(watcher))
    let ended = false
    const end = () => {
      ended = true
      watchers.delete(watcher)
      if (watchers.size === 0 && this.#watchers.get(bucket) === watchers) this.#watchers.delete(bucket)
    }
    for (const event of past) if (!ended) listener(event)
    return end
  }

  async close(): Promise<void> {
    this.#closed = true
    while (this.#committing) await this.#committing
    await this.#journal.close()
  }

  async #write(
    key: string,
    change: (current: StoredKubeObject | undefined) => Pick<StoreEvent, 'type' | 'object'>,
  ): Promise<StoredKubeObject> {
    for (let busy = this.#busy.get(key); busy; busy = this.#busy.get(key)) await busy
    if (this.#closed) throw new Error('store is closed')
    const previous = this.#objects.get(key)
    const { type, object } = change(previous)
    const revision = ++this.#lastGiven
    const stamped: StoredKubeObject = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(revision) },
    }
    const value = type === 'DELETED' ? undefined : JSON.stringify(stamped)
    const event = { type, key, object: stamped, ...(previous && { previous }), revision }
    const written = new Promise<StoredKubeObject>((resolve, reject) => {
      this.#group.push({ event, value, resolve, reject })
    })
    this.#busy.set(
      key,
      written.then(
        () => {},
        () => {},
      ),
    )
    this.#committing ??= this.#commitGroups()
    return written
  }

  async #commitGroups(): Promise<void> {
    await new Promise(setImmediate)
    while (this.#group.length > 0) {
      const group = this.#group
      this.#group = []
      try {
        await this.#journal.commit(this.#changesOf(group))
        this.#doubtful.clear()
        this.#publish(group)
      } catch (error) {
        for (const { event, reject } of group) {
          this.#doubtful.add(event.key)
          this.#busy.delete(event.key)
          reject(error)
        }
      }
    }
    this.#committing = undefined
  }

  #changesOf(group: PendingWrite[]): JournalChange[] {
    const changes: JournalChange[] = group.map(({ event, value }) => ({
      key: event.key,
      value,
      revision: event.revision,
    }))
    if (this.#doubtful.size === 0) return changes
    const restored = [...this.#doubtful].map((key) => {
      const object = this.#objects.get(key)
      return {
        key,
        value: object && JSON.stringify(object),
        revision: Number(object?.metadata.resourceVersion ?? 0),
      }
    })
    return [...restored, ...changes]
  }

  #publish(group: PendingWrite[]): void {
    for (const { event, value } of group) {
      const { key, object, type, revision } = event
      if (type === 'DELETED') this.#objects.delete(key)
      else this.#objects.set(key, object)
      this.#busy.delete(key)
      this.#revision = revision
      this.#history.push(event, value?.length ?? 1000)
      for (const bucket of [bucketOf(key), '']) {
        for (const { prefix, since, listener } of this.#watchers.get(bucket) ?? []) {
          if (revision > since && key.startsWith(prefix)) listener(event)
        }
      }
    }
    for (const { event, resolve } of group) resolve(event.object)
  }
}

function checkRevision(
  key: string,
  current: StoredKubeObject | undefined,
  expected: number,
): StoredKubeObject {
  if (!current) throw new StoreConflict('missing', key)
  if (Number(current.metadata.resourceVersion) !== expected) throw new StoreConflict('revision', key, current)
  return current
}

/** `<group>/<resource>/` of a key or prefix, '' when the prefix is shorter. */
function bucketOf(prefix: string): string {
  const end = prefix.indexOf('/', prefix.indexOf('/') + 1)
  return prefix.indexOf('/') < 0 || end < 0 ? '' : prefix.slice(0, end + 1)
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}
