import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CriError } from '../cri-error.ts'
import type { Engine } from './engine.ts'
import { LogEntries, type LogEntry } from './log-entries.ts'
import { findPosition } from './log-position.ts'

export interface LogTarget {
  /** File in CRI's format; '' for none. */
  path: string
  tty: boolean
}

interface Follower {
  path: string
  file: FileHandle | undefined
  done: Promise<void>
}

/** Milliseconds; a process that has left its output to others does not hold up everybody. */
const longestDrain = 2000

/**
 * Writes containers' logs in CRI's format, from the engine's own. The engine keeps what comes while nobody reads, so that
 * after a restart the files go on where they ended.
 */
export class Logs {
  readonly #engine: Engine
  readonly #followers = new Map<string, Follower>()
  readonly #abort = new AbortController()
  readonly #onError: (id: string, error: unknown) => void

  /** @param onError a log could not be written any further */
  constructor(engine: Engine, onError: (id: string, error: unknown) => void) {
    this.#engine = engine
    this.#onError = onError
  }

  /** Until the container ends. Idempotent. */
  follow(id: string, { path, tty }: LogTarget): void {
    if (path === '' || this.#followers.has(id)) return
    const follower: Follower = { path, file: undefined, done: Promise.resolve() }
    this.#followers.set(id, follower)
    follower.done = this.#copy(id, follower, tty).catch((error: unknown) => {
      if (!this.#abort.signal.aborted) this.#onError(id, error)
    })
  }

  /** Goes on in a new file at the same path. */
  async reopen(id: string): Promise<void> {
    const follower = this.#followers.get(id)
    if (!follower) throw new CriError('NotFound', `container ${id} has no log`, 'ReopenContainerLog')
    const old = follower.file
    follower.file = await open(follower.path, 'a', 0o640)
    await old?.close()
  }

  /** Resolves when all that an ended container has written is in its file. */
  async complete(id: string): Promise<void> {
    const follower = this.#followers.get(id)
    if (!follower) return
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, longestDrain)
    await Promise.race([follower.done, late.promise])
    clearTimeout(timer)
  }

  forget(id: string): void {
    this.#followers.delete(id)
  }

  /** The files are whole up to some line; a later instance goes on from there. */
  async close(): Promise<void> {
    this.#abort.abort()
    await Promise.all([...this.#followers.values()].map(({ done }) => done))
  }

  async #copy(id: string, follower: Follower, tty: boolean): Promise<void> {
    await mkdir(dirname(follower.path), { recursive: true, mode: 0o755 })
    const existing = await open(follower.path, 'a+', 0o640)
    const position = await findPosition(existing, follower.path)
    follower.file = existing
    try {
      const received = new Received(position.time)
      let known = position.count
      await this.#read(id, tty, { follow: 1, since: position.time }, follower, (entry) => {
        received.add(entry)
        return entry.time > position.time || (entry.time === position.time && known-- <= 0)
      })
      // Whoever follows may not be given the end, before version 23 at least: look whether there is more.
      let seen = received.count
      await this.#read(id, tty, { follow: 0, since: received.since }, follower, () => seen-- <= 0)
    } finally {
      await follower.file.close()
    }
  }
  /** Appends those entries that are `isNew`. */
  async #read(
    id: string,
    tty: boolean,
    { follow, since }: { follow: 0 | 1; since: string },
    follower: Follower,
    isNew: (entry: LogEntry) => boolean,
  ): Promise<void> {
    const stream = await this.#engine.stream(`/containers/${id}/logs`, {
      query: { follow, stdout: 1, stderr: 1, timestamps: 1, ...(since && { since: secondsOf(since) }) },
      signal: this.#abort.signal,
    })
    const entries = new LogEntries(tty)
    const write = async (some: Iterable<LogEntry>): Promise<void> => {
      const lines: Buffer[] = []
      for (const entry of some) if (isNew(entry)) lines.push(...line(entry))
      if (lines.length > 0) await follower.file!.appendFile(Buffer.concat(lines))
    }
    for await (const chunk of stream) await write(entries.push(chunk as Buffer))
    await write(entries.end())
  }
}

/** What has been received of a log, told so that reading on leaves nothing out: entries are only nearly in order of time. */
class Received {
  /** A time from which on `count` entries have come; '' for the beginning. */
  since: string
  count = 0

  constructor(since: string) {
    this.since = since
  }

  add({ time }: LogEntry): void {
    const second = `${time.slice(0, '2006-01-02T15:04:05'.length)}.000000000Z`
    if (second > this.since) {
      this.since = second
      this.count = 0
    }
    if (time >= this.since) this.count++
  }
}

const newline = Buffer.from('\n')

function line({ time, stream, content }: LogEntry): Buffer[] {
  const isWhole = content.at(-1) === 0x0a
  const head = Buffer.from(`${time} ${stream} ${isWhole ? 'F' : 'P'} `)
  return isWhole ? [head, content] : [head, content, newline]
}

/** Exact, where a number would be rounded. */
function secondsOf(time: string): string {
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? '0'
  return `${Math.floor(Date.parse(time) / 1000)}.${fraction.padEnd(9, '0')}`
}
