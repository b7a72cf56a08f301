const units: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** Milliseconds of a Go duration (`1h2m3.5s`, `-5s`, `0`); undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const body = text.replace(/^[+-]/, '')
  if (body === '0') return 0
  if (!/^((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined
  let total = 0
  for (const [, amount, unit] of body.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(amount) * units[unit!]!
  }
  return text.startsWith('-') ? -total : total
}

/** Milliseconds as Go prints a duration: `26280h0m0s`, `6m0s`, `1.5s`, `20ms`, `0s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s'
  if (milliseconds < 0) return `-${formatDuration(-milliseconds)}`
  if (milliseconds < 1e-3) return `${Math.round(milliseconds * 1e6)}ns`
  if (milliseconds < 1) return `${Number((milliseconds * 1e3).toFixed(3))}µs`
  if (milliseconds < 1000) return `${Number(milliseconds.toFixed(6))}ms`
  const hours = Math.floor(milliseconds / 3_600_000)
  const minutes = Math.floor((milliseconds % 3_600_000) / 60_000)
  const seconds = Number(((milliseconds % 60_000) / 1000).toFixed(9))
  return `${hours ? `${hours}h` : ''}${hours || minutes ? `${minutes}m` : ''}${seconds}s`
}

/** A span as kubectl's AGE columns show it: two units while they matter (`3m10s`, `5h2m`, `7d3h`), then one. */
export function humanDuration(milliseconds: number): string {
  // A little in the future is clock skew.
  const seconds = Math.trunc(milliseconds / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 2 * minute) return `${seconds}s`
  const minutes = Math.floor(seconds / minute)
  if (minutes < 10) return two(minutes, 'm', seconds % minute, 's')
  if (minutes < 3 * 60) return `${minutes}m`
  const hours = Math.floor(seconds / hour)
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(seconds / day)
  if (hours < 24 * 8) return two(days, 'd', hours % 24, 'h')
  if (hours < 24 * 365 * 2) return `${days}d`
  const years = Math.floor(days / 365)
  if (hours < 24 * 365 * 8) return two(years, 'y', days % 365, 'd')
  return `${years}y`
}

function two(first: number, firstUnit: string, second: number, secondUnit: string): string {
  return second === 0 ? `${first}${firstUnit}` : `${first}${firstUnit}${second}${secondUnit}`
}
