interface Entry {
  wait: number
  /** Milliseconds since the epoch. */
  updated: number
}

/** Waits that double per key from `first` to `longest` milliseconds; forgotten after twice the longest (client-go's Backoff). */
export class Backoff {
  private readonly first: number
  private readonly longest: number
  private readonly now: () => number
  private readonly entries = new Map<string, Entry>()

  constructor(first: number, longest: number, now: () => number = Date.now) {
    this.first = first
    this.longest = longest
    this.now = now
  }

  /** The present wait of a key. */
  wait(key: string): number {
    return this.entries.get(key)?.wait ?? 0
  }

  /** Lengthens the wait after something went wrong at `eventTime`. */
  next(key: string, eventTime: number): void {
    const entry = this.entries.get(key)
    const wait =
      !entry || this.expired(entry, eventTime) ? this.first : Math.min(entry.wait * 2, this.longest)
    this.entries.set(key, { wait, updated: this.now() })
  }

  /** When what happened at `eventTime` may be tried again; `undefined`: now. */
  until(key: string, eventTime: number): number | undefined {
    const entry = this.entries.get(key)
    if (!entry || this.expired(entry, eventTime)) return undefined
    return this.now() - eventTime < entry.wait ? eventTime + entry.wait : undefined
  }

  /** As {@link until}, counted from the last failure. */
  untilSinceUpdate(key: string): number | undefined {
    const entry = this.entries.get(key)
    if (!entry || this.expired(entry, this.now())) return undefined
    return this.now() - entry.updated < entry.wait ? entry.updated + entry.wait : undefined
  }

  reset(key: string): void {
    this.entries.delete(key)
  }

  /** Forgets keys that nobody has failed with for long. */
  collect(): void {
    for (const [key, entry] of this.entries) if (this.expired(entry, this.now())) this.entries.delete(key)
  }

  private expired(entry: Entry, eventTime: number): boolean {
    return eventTime - entry.updated > this.longest * 2
  }
}
