/** Two looks closer to each other than this say more about the clock than about the load. */
const leastMs = 400
/** What was longer ago does not tell how it is now. */
const mostMs = 60_000

interface Sample {
  /** Milliseconds since the epoch. */
  time: number
  /** Nanoseconds. */
  used: number
  rate: number | undefined
}

/** How many nanocores something uses now, out of counters of what it has used so far. */
export class CpuRates {
  private samples = new Map<string, Sample>()

  /** Undefined until it has been looked at twice. */
  next(key: string, time: number, used: number): number | undefined {
    const before = this.samples.get(key)
    const elapsed = before ? time - before.time : 0
    if (before && elapsed >= 0 && elapsed < leastMs) return before.rate
    const isUsable = before && elapsed <= mostMs && used >= before.used
    const rate = isUsable ? Math.round(((used - before.used) / elapsed) * 1000) : undefined
    this.samples.set(key, { time, used, rate })
    return rate
  }

  /** Forgets what has not been looked at for long. */
  prune(now: number): void {
    for (const [key, { time }] of this.samples) if (now - time > mostMs) this.samples.delete(key)
  }
}
