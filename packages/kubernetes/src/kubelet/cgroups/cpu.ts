/** Kernel limits and defaults as the kubelet uses them. */
export const minShares = 2
export const maxShares = 262_144
const sharesPerCpu = 1024
/** Microseconds. */
export const quotaPeriod = 100_000
const minQuota = 1000
/** Smaller limits cannot be enforced. */
export const minMilliCpuLimit = 10

export function milliCpuToShares(milli: number): number {
  if (milli === 0) return minShares
  return Math.min(maxShares, Math.max(minShares, Math.floor((milli * sharesPerCpu) / 1000)))
}

/** Microseconds per {@link quotaPeriod}; 0: no limit. */
export function milliCpuToQuota(milli: number, period: number = quotaPeriod): number {
  return milli === 0 ? 0 : Math.max(minQuota, Math.floor((milli * period) / 1000))
}

export function sharesToMilliCpu(shares: number): number {
  return shares > 0 ? Math.ceil((shares * 1000) / sharesPerCpu) : 0
}

export function quotaToMilliCpu(quota: number, period: number): number {
  return quota < 0 ? 0 : Math.floor((quota * 1000) / period)
}

/** cgroup v2's cpu.weight of v1's shares (runc's formula). */
export function sharesToWeight(shares: number): number {
  if (shares <= minShares) return 1
  if (shares >= maxShares) return 10_000
  const l = Math.log2(shares)
  return Math.ceil(10 ** ((l * l + 125 * l) / 612 - 7 / 34))
}
