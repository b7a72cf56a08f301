import type { StoredKubeObject } from '../api/kube-object.ts'

/** One change as it goes to disk. `value` is the object's JSON; absent means that the key is deleted. */
export interface JournalChange {
  key: string
  value?: string
  revision: number
}

/** What makes a store's state outlive the process. */
export interface Journal {
  /** The revision that was last committed; 0 when nothing ever was. */
  readonly revision: number
  /** Everything stored. Called once, before the first commit. */
  load(): Iterable<{ key: string; object: StoredKubeObject }>
  /**
   * Resolves when the changes and the highest of their revisions are on disk, all of them or none.
   * The caller waits for one commit before it asks for the next. @throws StoreFailure
   */
  commit(changes: JournalChange[]): Promise<void>
  close(): Promise<void>
}

/** Keeps nothing: a store for tests and for programs that want an API only for as long as they run. */
export const memoryJournal: Journal = {
  revision: 0,
  load: () => [],
  commit: () => Promise.resolve(),
  close: () => Promise.resolve(),
}
