import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { promisify } from 'node:util'
import type { StoredKubeObject } from '../api/kube-object.ts'
import type { Journal, JournalChange } from './journal.ts'
import { StoreFailure } from './store.ts'

const fdatasync = promisify(fs.fdatasync)

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const sqliteFull = 13
const sqliteBusy = 5
const sqliteCorrupt = new Set([11, 26])

/** Past this size the WAL's pages are written into the database and the WAL starts over. */
const walLimit = 4 << 20

/**
 * Current objects as rows of one table, in WAL mode. SQLite itself runs with `synchronous=NORMAL`, so a commit only
 * writes; we then sync the WAL through a descriptor of our own, off the main thread. A checkpoint is done the same way:
 * SQLite copies the pages without syncing, and no commit starts before we have synced the database file, because it
 * would overwrite the WAL's beginning.
 */
export class SqliteJournal implements Journal {
  readonly #path: string
  readonly #db: DatabaseSync
  /** Closing any descriptor of a file drops the process's locks on it: keep this one until SQLite has closed. */
  readonly #dbFd: number
  #walFd: number | undefined
  readonly #put: StatementSync
  readonly #remove: StatementSync
  readonly #setRevision: StatementSync
  /** Settles when the pages that the last checkpoint copied are on disk. */
  #checkpointed: Promise<void> = Promise.resolve()
  #revision: number

  /** @throws StoreFailure when the file is no database, is damaged, or is in use by another process */
  constructor(path: string) {
    this.#path = path
    fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    // Secrets are in there: nobody else may read it. SQLite gives the WAL the same mode.
    this.#dbFd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600)
    try {
      this.#db = new DatabaseSync(path)
    } catch (error) {
      fs.closeSync(this.#dbFd)
      throw failure(path, 'cannot be opened', error)
    }
    try {
      // EXCLUSIVE: one process only, and no shared-memory file for the WAL's index.
      this.#db.exec(`
        PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = NORMAL;
        PRAGMA wal_autocheckpoint = 0;
        PRAGMA journal_size_limit = 0;
        PRAGMA cache_size = -2000;
        CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS meta (id INTEGER PRIMARY KEY CHECK (id = 0), revision INTEGER NOT NULL) STRICT;
      `)
      this.#put = this.#db.prepare(
        'INSERT INTO objects (key, value, revision) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision',
      )
      this.#remove = this.#db.prepare('DELETE FROM objects WHERE key = ?')
      this.#setRevision = this.#db.prepare(
        'INSERT INTO meta (id, revision) VALUES (0, ?) ON CONFLICT (id) DO UPDATE SET revision = max(revision, excluded.revision)',
      )
      const row = this.#db.prepare('SELECT revision FROM meta').get()
      this.#revision = Number(row?.revision ?? 0)
    } catch (error) {
      this.#release()
      throw failure(path, 'cannot be opened', error)
    }
  }

  get revision(): number {
    return this.#revision
  }

  *load(): Generator<{ key: string; object: StoredKubeObject }> {
    try {
      for (const row of this.#db.prepare('SELECT key, value FROM objects ORDER BY key').iterate()) {
        yield { key: String(row.key), object: JSON.parse(String(row.value)) as StoredKubeObject }
      }
    } catch (error) {
      this.#release()
      throw failure(this.#path, 'cannot be read', error)
    }
  }

  async commit(changes: JournalChange[]): Promise<void> {
    const revision = Math.max(this.#revision, ...changes.map((change) => change.revision))
    let failed = 'cannot be written'
    try {
      await this.#checkpointed
      this.#db.exec('BEGIN IMMEDIATE')
      for (const { key, value, revision } of changes) {
        if (value === undefined) this.#remove.run(key)
        else this.#put.run(key, value, revision)
      }
      this.#setRevision.run(revision)
      this.#db.exec('COMMIT')
      this.#revision = revision
      failed = 'cannot be synced'
      this.#walFd ??= fs.openSync(`${this.#path}-wal`, 'r')
      await fdatasync(this.#walFd)
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw failure(this.#path, failed, error)
    }
    if (fs.fstatSync(this.#walFd).size > walLimit) this.#checkpoint()
  }

  async close(): Promise<void> {
    await this.#checkpointed.catch(() => {})
    this.#release()
  }

  /** A checkpoint that finds no room is no harm: the WAL grows until a later one does, and commits fail by themselves. */
  #checkpoint(): void {
    try {
      this.#db.exec('PRAGMA synchronous = OFF; PRAGMA wal_checkpoint(PASSIVE)')
    } catch {
      // The pages stay in the WAL.
    } finally {
      this.#db.exec('PRAGMA synchronous = NORMAL')
    }
    this.#checkpointed = fdatasync(this.#dbFd)
    this.#checkpointed.catch(() => {
      // Told by the next commit, which waits for it.
    })
  }

  #release(): void {
    this.#db.close()
    fs.closeSync(this.#dbFd)
    if (this.#walFd !== undefined) fs.closeSync(this.#walFd)
  }
}

function failure(path: string, what: string, cause: unknown): StoreFailure {
  const { code, errcode, message } = cause as { code?: string; errcode?: number; message: string }
  const result = errcode === undefined ? undefined : errcode & 0xff
  const why =
    result === sqliteFull || code === 'ENOSPC'
      ? 'the disk is full'
      : result === sqliteBusy
        ? 'another process is using it'
        : result !== undefined && sqliteCorrupt.has(result)
          ? 'it is damaged or is no database'
          : message
  return new StoreFailure(`store ${path} ${what}: ${why}`, { cause })
}
