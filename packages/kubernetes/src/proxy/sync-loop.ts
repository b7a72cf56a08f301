import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../log.ts'
import type { NftTable } from './nft/nft-table.ts'
import { run } from './nft/run.ts'

/** Knows a part of what the table should hold. */
export interface Source {
  /** Puts what has changed since the last time into the table. */
  update(table: NftTable): void
  stop(): void
}

export interface SyncLoopOptions {
  table: NftTable
  log: Logger
  now: () => number
  signal: AbortSignal
  /** Called when a transaction is in the kernel, and awaited. */
  applied: () => Promise<void>
}

const firstRetryMs = 500
const longestRetryMs = 30_000

/** Brings the kernel up to date, one transaction after the other; what changes during one is for the next. */
export class SyncLoop {
  readonly #options: SyncLoopOptions
  #sources: readonly Source[] = []
  #requested = false
  #running: Promise<void> | undefined
  #waiting: (() => void)[] = []

  constructor(options: SyncLoopOptions) {
    this.#options = options
  }

  /** All sources know their first state: from now on there are transactions. */
  begin(sources: readonly Source[]): void {
    this.#sources = sources
    this.request()
  }

  /** Something has changed. */
  request = (): void => {
    this.#requested = true
    if (this.#sources.length === 0 || this.#options.signal.aborted) return
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#requested) this.request()
    })
  }

  /** Somebody else has changed the kernel's rules. */
  startOver(): void {
    this.#options.table.distrust()
    this.request()
  }

  /** Resolves when everything that has changed so far is in the kernel (or the loop has stopped). */
  settled(): Promise<void> {
    const settled = new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.request()
    return settled
  }

  async stop(): Promise<void> {
    await this.#running
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  async #run(): Promise<void> {
    const { signal } = this.#options
    // Changes come in bursts: a Service and its endpoints, a pod and its address.
    await new Promise((resolve) => setImmediate(resolve))
    let failures = 0
    while (this.#requested && !signal.aborted) {
      this.#requested = false
      const waiting = this.#waiting.splice(0)
      if (await this.#sync()) {
        failures = 0
        for (const resolve of waiting) resolve()
        continue
      }
      this.#requested = true
      this.#waiting.unshift(...waiting)
      const pause = Math.min(firstRetryMs * 2 ** failures++, longestRetryMs)
      // The second try, with the whole table, comes at once.
      if (failures > 1) await delay(pause, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  async #sync(): Promise<boolean> {
    const { table, log, now, applied } = this.#options
    const began = performance.now()
    for (const source of this.#sources) this.#update(source)
    const transaction = table.transaction(now())
    if (transaction === '') return true
    try {
      await run('nft', ['-f', '-'], transaction)
    } catch (error) {
      // Whatever it is that is not as thought: the whole table is right in any case.
      table.distrust()
      log.warn('rules not applied', { error })
      return false
    }
    table.committed(now())
    await applied()
    const ms = Math.round(performance.now() - began)
    if (ms > 200) log.info('rules applied slowly', { ms, bytes: transaction.length })
    return true
  }

  /** What one source cannot do is no reason to keep the others' changes back. */
  #update(source: Source): void {
    try {
      source.update(this.#options.table)
    } catch (error) {
      this.#options.log.error('rules not worked out', { error })
      // It has put aside what it failed at, and may have more.
      this.#requested = true
    }
  }
}
