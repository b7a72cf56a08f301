import type { StoredKubeObject } from '../api/kube-object.ts'

/** A committed change. `object` carries the change's revision as `metadata.resourceVersion`, also when deleted. */
export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  key: string
  object: StoredKubeObject
  /** The object before the change: label and field selectors need it to tell "left the selection" from "never in it". */
  previous?: StoredKubeObject
  revision: number
}

/** A page of a listing. All pages of one listing show the state at `revision`. */
export interface StorePage {
  items: StoredKubeObject[]
  /** Store revision of the whole state shown, not the highest of the items. */
  revision: number
  /** Last key of this page, to give as `after.key` for the next one; absent on the last page. */
  next?: string
  /** How many items follow this page. */
  remaining?: number
}

/**
 * Every API object, by key, with one revision counter over all of them.
 *
 * Keys are `<group>/<resource>/<namespace>/<name>`; the group is `core` for the core group, the namespace empty for
 * cluster-scoped resources, so `core/pods/` is the prefix of all pods and `core/pods/default/` that of a namespace's.
 * Reads are synchronous, from memory, and show only committed state. Writes resolve when the change is on disk; in
 * between, later writes to the same key already see it for their revision check.
 *
 * Errors are {@link StoreConflict}, {@link StoreExpired} and {@link StoreFailure}; the API layer words them for the user.
 */
export interface Store {
  /** Revision of the newest commit; starts at 1, never goes back, also not over restarts and crashes. */
  readonly revision: number
  get(key: string): StoredKubeObject | undefined
  /** In key order. `limit` 0 or absent: all. A `continue` position is valid while its revision is in the window. */
  list(prefix: string, options?: { limit?: number; after?: { key: string; revision: number } }): StorePage
  /** Number of objects under a prefix. */
  count(prefix: string): number
  /** @throws StoreConflict `exists` */
  create(key: string, object: StoredKubeObject): Promise<StoredKubeObject>
  /** @throws StoreConflict `missing`, or `revision` when the stored one is not `expected` */
  update(key: string, object: StoredKubeObject, expected: number): Promise<StoredKubeObject>
  /** Resolves to the last state with the deletion's revision. @throws StoreConflict like update */
  delete(key: string, expected: number): Promise<StoredKubeObject>
  /**
   * Calls `listener` for each commit under `prefix` with a revision above `since`, in order, the past ones first and
   * synchronously. A listener must not throw and must not block. Returns what ends the watch.
   * @throws StoreExpired when `since` lies before the window of kept history
   */
  watch(prefix: string, since: number, listener: (event: StoreEvent) => void): () => void
  /** Waits for outstanding commits, then releases the files. */
  close(): Promise<void>
}

export class StoreConflict extends Error {
  readonly why: 'exists' | 'missing' | 'revision'
  /** What is there instead, if something is. */
  readonly current: StoredKubeObject | undefined

  constructor(why: 'exists' | 'missing' | 'revision', key: string, current?: StoredKubeObject) {
    super(`${key}: ${why}`)
    this.name = 'StoreConflict'
    this.why = why
    this.current = current
  }
}

/** The asked revision is no longer (or not yet) in the history; the watcher has to list again (HTTP 410). */
export class StoreExpired extends Error {
  readonly oldest: number

  constructor(asked: number, oldest: number) {
    super(`too old resource version: ${asked} (${oldest})`)
    this.name = 'StoreExpired'
    this.oldest = oldest
  }
}

/**
 * The disk refused: full, failing, in use by another process, or damaged (at open). A write that fails so has changed
 * nothing; later ones work again once the disk does.
 */
export class StoreFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreFailure'
  }
}
