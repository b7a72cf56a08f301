/**
 * What a controller has done that its cache does not show yet. Until it does (or five minutes have passed) the controller
 * must not act on the cache, or it would do the same again.
 */
export class Expectations {
  readonly #pending = new Map<string, { creations: number; deletions: Set<string>; since: number }>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Nothing that was done under `key` is missing in the cache. */
  satisfied(key: string): boolean {
    const pending = this.#pending.get(key)
    if (!pending) return true
    return (pending.creations <= 0 && pending.deletions.size === 0) || this.#now() - pending.since > timeoutMs
  }

  /** Call before the writes: the cache may be faster than their answers. */
  expect(key: string, creations: number, deletedUids: Iterable<string> = []): void {
    this.#pending.set(key, { creations, deletions: new Set(deletedUids), since: this.#now() })
  }

  /** A creation has shown up, or has failed. */
  created(key: string, count = 1): void {
    const pending = this.#pending.get(key)
    if (pending) pending.creations -= count
  }

  /** A deletion (or the start of one) has shown up, or has failed. */
  deleted(key: string, uid: string): void {
    this.#pending.get(key)?.deletions.delete(uid)
  }

  forget(key: string): void {
    this.#pending.delete(key)
  }
}

const timeoutMs = 5 * 60 * 1000
