import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { Logger } from '../../log.ts'
import type { Pressure } from '../node/node-conditions.ts'
import type { Evictor } from './evictor.ts'
import { type Observations, Observer } from './observations.ts'
import { limitOf, type Signal, signals, type Threshold } from './thresholds.ts'

/** Upstream's: pressure that has been there stays for five minutes. */
const transitionMs = 300_000
/** Counting what pods have written to their disks takes a while. */
const looksPerStorageLook = 6

export interface EvictionManagerOptions {
  cri: CriClient
  rootDir: string
  thresholds: readonly Threshold[]
  /** Made when there is somebody to evict, or might be. */
  evictor(): Promise<Evictor>
  /** Does any pod have limits on what it writes? */
  hasStorageLimits(): boolean
  /** `pressure` has changed. */
  onPressure(): void
  log: Logger
  /** Milliseconds since the epoch. */
  now?: () => number
}

/** Sees what runs short on the node, says so, and lets pods go until there is enough again, one at a time. */
export class EvictionManager {
  private readonly options: EvictionManagerOptions
  private readonly observer: Observer
  private readonly wanted: ReadonlySet<Signal>
  private readonly lastMet = new Map<keyof Pressure, number>()
  private current: Pressure = { memory: false, disk: false, pid: false }
  private looks = 0
  private looking: Promise<void> | undefined

  constructor(options: EvictionManagerOptions, observer = new Observer(options.cri, options.rootDir)) {
    this.options = options
    this.observer = observer
    this.wanted = new Set(options.thresholds.map(({ signal }) => signal))
  }

  get pressure(): Pressure {
    return this.current
  }

  /** To be called every now and then; one look at a time. Never throws. */
  look(): Promise<void> {
    this.looking ??= this.lookNow()
      .catch((error: unknown) => this.options.log.warn('cannot see to the node', { error }))
      .finally(() => {
        this.looking = undefined
      })
    return this.looking
  }

  private async lookNow(): Promise<void> {
    const { evictor, hasStorageLimits } = this.options
    const observations = await this.observer.observe(this.wanted)
    const met = this.met(observations)
    this.judge(met)
    if (this.looks++ % looksPerStorageLook === 0 && hasStorageLimits()) {
      if (await (await evictor()).enforceStorageLimits()) return
    }
    // What starves most dearly comes first.
    const [worst] = [...met].sort((a, b) => urgency(b) - urgency(a))
    if (!worst) return
    await (await evictor()).relieve(worst, observations.get(worst.signal)!, async () => {
      const after = await this.observer.observe(this.wanted)
      return this.met(after).length === 0
    })
  }

  private met(observations: Observations): Threshold[] {
    return this.options.thresholds.filter((threshold) => {
      const seen = observations.get(threshold.signal)
      return seen !== undefined && seen.available < limitOf(threshold, seen.capacity)
    })
  }

  private judge(met: readonly Threshold[]): void {
    const now = (this.options.now ?? Date.now)()
    for (const { signal } of met) this.lastMet.set(signals[signal].condition, now)
    const is = (condition: keyof Pressure): boolean =>
      now - (this.lastMet.get(condition) ?? Number.NEGATIVE_INFINITY) < transitionMs
    const before = this.current
    this.current = { memory: is('memory'), disk: is('disk'), pid: is('pid') }
    const { memory, disk, pid } = this.current
    if (before.memory === memory && before.disk === disk && before.pid === pid) return
    this.options.log.warn('pressure on the node', { ...this.current })
    this.options.onPressure()
  }
}

function urgency({ signal }: Threshold): number {
  return signal === 'memory.available' ? 1 : 0
}
