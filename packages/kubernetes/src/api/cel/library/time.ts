import { CelError } from '../cel-error.ts'
import { CelDuration, CelTimestamp } from '../values.ts'

const second = 1_000_000_000n
const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
}
const earliest = -62_135_596_800n * second
const latest = 253_402_300_799n * second + 999_999_999n

/** Undefined when the text is no Go duration. */
export function parseGoDuration(text: string): CelDuration | undefined {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? []
  if (rest === '0') return new CelDuration(0n)
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined
  let nanos = 0n
  for (const [, whole = '', fraction = '', unit = ''] of rest.matchAll(
    /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g,
  )) {
    const scale = units[unit] ?? 0n
    nanos += BigInt(whole || '0') * scale
    if (fraction) nanos += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  return new CelDuration(sign === '-' ? -nanos : nanos)
}

/** As protocol buffers write durations in JSON: `3600s`, `1.5s`. */
export function formatDuration({ nanos }: CelDuration): string {
  const size = nanos < 0n ? -nanos : nanos
  const fraction = String(size % second)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${nanos < 0n ? '-' : ''}${size / second}${fraction && `.${fraction}`}s`
}

/** Undefined when the text is no time of RFC 3339. */
export function parseTimestamp(text: string): CelTimestamp | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/.exec(text)
  if (!match) return undefined
  const [, base, fraction = '', zone] = match
  const ms = Date.parse(`${base}${zone}`)
  if (Number.isNaN(ms)) return undefined
  return new CelTimestamp(BigInt(ms) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0')))
}

export function formatTimestamp({ nanos }: CelTimestamp): string {
  const seconds = floorDivide(nanos, second)
  const fraction = String(nanos - seconds * second)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const base = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return `${base}${fraction && `.${fraction}`}Z`
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient
}

/** @throws CelError outside of the years 1 to 9999 */
export function timestamp(nanos: bigint): CelTimestamp {
  if (nanos < earliest || nanos > latest) throw new CelError('timestamp overflow')
  return new CelTimestamp(nanos)
}

export function duration(nanos: bigint): CelDuration {
  if (BigInt.asIntN(64, nanos) !== nanos) throw new CelError('duration overflow')
  return new CelDuration(nanos)
}

/** A time as clocks of a zone (`Europe/Berlin`, `-02:00`) show it, in fields that are read as UTC. */
export function inZone({ nanos }: CelTimestamp, zone = 'UTC'): Date {
  const ms = Number(floorDivide(nanos, 1_000_000n))
  return new Date(ms + offsetMs(ms, zone))
}

function offsetMs(ms: number, zone: string): number {
  if (zone === '' || zone === 'UTC') return 0
  const [, sign, hours, minutes] = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone) ?? []
  if (hours !== undefined) return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT'
    const offset = name.slice('GMT'.length)
    return offset ? offsetMs(ms, offset) : 0
  } catch {
    throw new CelError(`unknown time zone ${zone}`)
  }
}
