import { LruMap } from '../../client/lru-map.ts'

/** Delays that double with each time something happens to a key, and are forgotten when it has been quiet for long. */
export class Backoff {
  readonly #initialMs: number
  readonly #maxMs: number
  readonly #entries = new LruMap<string, { delay: number; at: number }>(10_000)

  constructor(initialMs: number, maxMs: number) {
    this.#initialMs = initialMs
    this.#maxMs = maxMs
  }

  /** Milliseconds until the key may have its next turn; 0 when it may now. */
  left(key: string, now: number): number {
    const entry = this.#entries.get(key)
    return entry ? Math.max(0, entry.at + entry.delay - now) : 0
  }

  /** It has happened again. */
  next(key: string, now: number): void {
    const entry = this.#entries.get(key)
    const expired = !entry || now - entry.at > 2 * this.#maxMs
    const delay = expired ? this.#initialMs : Math.min(entry.delay * 2, this.#maxMs)
    this.#entries.set(key, { delay, at: now })
  }

  forget(key: string): void {
    this.#entries.delete(key)
  }
}
