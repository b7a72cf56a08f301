import { type StoreEvent, StoreExpired } from './store.ts'

/** Older events are forgotten, whatever room there is: about as soon as upstream's store is compacted. */
const maxAgeMs = 5 * 60_000

interface Entry {
  event: StoreEvent
  bytes: number
  time: number
}

/** The events of the last minutes, as many as fit into a budget of bytes. Lets watches resume and listings go on. */
export class History {
  readonly #budget: number
  readonly #now: () => number
  /** A ring in an array: entries before `#start` are gone, the array is cut now and then. */
  #entries: Entry[] = []
  #start = 0
  #bytes = 0
  /** Events up to here are forgotten; a state at this revision can still be told. */
  #floor: number

  constructor(budget: number, floor: number, now: () => number = Date.now) {
    this.#budget = budget
    this.#now = now
    this.#floor = floor
  }

  /** `size` is the length of the object's JSON; in memory it takes about the double, besides what the parts share. */
  push(event: StoreEvent, size: number): void {
    const bytes = size * 2 + 500
    this.#entries.push({ event, bytes, time: this.#now() })
    this.#bytes += bytes
    this.#forget()
  }

  #forget(): void {
    const tooOld = this.#now() - maxAgeMs
    while (this.#start < this.#entries.length) {
      const oldest = this.#entries[this.#start] as Entry
      if (this.#bytes <= this.#budget && oldest.time > tooOld) break
      this.#entries[this.#start++] = undefined as unknown as Entry
      this.#bytes -= oldest.bytes
      this.#floor = oldest.event.revision
    }
    if (this.#start > 1024 && this.#start > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#start)
      this.#start = 0
    }
  }

  /** Events under `prefix` after the revision `since`, oldest first. @throws StoreExpired */
  *since(prefix: string, since: number): Generator<StoreEvent> {
    this.#forget()
    if (since < this.#floor) throw new StoreExpired(since, this.#floor)
    for (let i = this.#firstAfter(since); i < this.#entries.length; i++) {
      const { event } = this.#entries[i] as Entry
      if (event.key.startsWith(prefix)) yield event
    }
  }

  #firstAfter(revision: number): number {
    let low = this.#start
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#entries[middle] as Entry).event.revision <= revision) low = middle + 1
      else high = middle
    }
    return low
  }
}
