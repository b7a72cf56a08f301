/**
 * Keys waiting for a worker. A key added while queued is not queued twice; a key added while being worked on runs again
 * afterwards, never at the same time (client-go's util/workqueue semantics). A `reconcile` that throws is tried again
 * after 5 ms · 2^failures, at most `maxBackoffMs` (default 1000 s); one that returns forgets the failures.
 */
export interface WorkQueue {
  add(key: string): void
  /** Adds the key after `ms`; an earlier pending delay for the same key wins. */
  addAfter(key: string, ms: number): void
  /** Resolves when nothing is queued or running (delayed keys do not count): for tests and orderly stops. */
  idle(): Promise<void>
  /** No further reconciles start; resolves when the running ones have ended. */
  stop(): Promise<void>
}

export interface WorkQueueOptions {
  name: string
  /** How many keys are worked on at once; default 5. */
  workers?: number
  maxBackoffMs?: number
  /** Keys are taken in at once, but none is worked on before this resolves: the caches that the reconcile reads. */
  ready?: Promise<unknown>
  reconcile: (key: string) => Promise<void>
  /** Told of every failed reconcile. */
  onError: (key: string, error: unknown) => void
}
