/**
 * An amount such as `100m`, `1.5Gi` or `12e6`, kept in billionths so that sums are exact. What is finer than a billionth
 * counts as a whole one, away from zero, as upstream's resource.Quantity does.
 */
export interface Quantity {
  readonly nanos: bigint
  readonly format: QuantityFormat
}

/** How a quantity is written: suffixes of 1000, of 1024, or an exponent. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

const decimalSuffixes = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
])
const binarySuffixes = new Map([
  ['Ki', 10n],
  ['Mi', 20n],
  ['Gi', 30n],
  ['Ti', 40n],
  ['Pi', 50n],
  ['Ei', 60n],
])
const nano = 1_000_000_000n
const largest = (2n ** 63n - 1n) * nano

/** `undefined` when `text` is no quantity. */
export function parseQuantity(text: string): Quantity | undefined {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?([a-zA-Z]*|[eE][+-]?\d+)$/.exec(text)
  if (!parts) return undefined
  const [, sign = '', whole = '', fraction = '', suffix = ''] = parts
  if (whole === '' && fraction === '') return undefined
  const digits = BigInt(whole + fraction)
  const scaled = scale(digits, fraction.length, suffix)
  if (!scaled) return undefined
  // Upstream caps only the binary ones.
  const nanos = scaled.format === 'BinarySI' && scaled.nanos > largest ? largest : scaled.nanos
  return { nanos: sign === '-' ? -nanos : nanos, format: scaled.format }
}

function scale(digits: bigint, decimals: number, suffix: string): Quantity | undefined {
  const shift = binarySuffixes.get(suffix)
  if (shift !== undefined) {
    const nanos = divideUp((digits << shift) * nano, 10n ** BigInt(decimals))
    return { nanos, format: 'BinarySI' }
  }
  const power = decimalSuffixes.get(suffix)
  if (power !== undefined) return { nanos: shiftDecimal(digits, power - decimals + 9), format: 'DecimalSI' }
  if (!/^[eE][+-]?\d+$/.test(suffix)) return undefined
  const exponent = Number(suffix.slice(1))
  // Far outside of what fits: no need to compute it.
  const bounded = Math.max(-1000, Math.min(1000, exponent))
  return { nanos: shiftDecimal(digits, bounded - decimals + 9), format: 'DecimalExponent' }
}

function shiftDecimal(digits: bigint, power: number): bigint {
  return power >= 0 ? digits * 10n ** BigInt(power) : divideUp(digits, 10n ** BigInt(-power))
}

/** Of numbers that are not negative. */
function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor
}

/** The canonical form: no fraction, the largest suffix that leaves an integer. `1000m` becomes `1`, `1024Mi` `1Gi`. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0'
  const sign = nanos < 0n ? '-' : ''
  const amount = nanos < 0n ? -nanos : nanos
  // Binary suffixes need whole numbers of at least 1024; anything else is written with decimal ones.
  if (format === 'BinarySI' && amount % nano === 0n && amount >= 1024n * nano) {
    return sign + formatBinary(amount / nano)
  }
  let mantissa = amount
  let power = -9
  while (mantissa % 1000n === 0n && power < 18) {
    mantissa /= 1000n
    power += 3
  }
  if (format === 'DecimalExponent') return `${sign}${mantissa}${power === 0 ? '' : `e${power}`}`
  for (const [suffix, exponent] of decimalSuffixes)
    if (exponent === power) return `${sign}${mantissa}${suffix}`
  return `${sign}${mantissa}`
}

function formatBinary(value: bigint): string {
  let mantissa = value
  let written = ''
  for (const suffix of binarySuffixes.keys()) {
    if (mantissa % 1024n !== 0n) break
    mantissa /= 1024n
    written = suffix
  }
  return `${mantissa}${written}`
}

/**
 * `text` as upstream writes it after reading it; `undefined` when it is no quantity. Mostly the canonical form, but some
 * texts that upstream takes for canonical stay as they are, e.g. `1.500` and `+5`.
 */
export function canonicalQuantity(text: string): string | undefined {
  const quantity = parseQuantity(text)
  if (!quantity) return undefined
  return text === '0' || isKept(text) ? text : formatQuantity(quantity)
}

/** The test by which upstream's parser skips formatting. */
function isKept(text: string): boolean {
  const parts = /^[+-]?(\d*)(?:\.(\d*))?([a-zA-Z]*|[eE][+-]?\d+)$/.exec(text)
  if (!parts) return false
  const whole = (parts[1] ?? '').replace(/^0+/, '') || '0'
  const fraction = parts[2] ?? ''
  const suffix = parts[3] ?? ''
  const digits = whole + fraction
  const shift = binarySuffixes.get(suffix)
  if (shift !== undefined) {
    const room = 15 - whole.length - Math.trunc((Number(shift) * 3) / 10) - 1
    return fraction === '' && room >= 0 && BigInt(digits) % 8n !== 0n
  }
  const power = decimalSuffixes.get(suffix) ?? Number(suffix.slice(1))
  const scale = power - fraction.length
  if (digits.length > 18 || scale < -9) return false
  return scale % 3 === 0 && !digits.endsWith('000') && digits[0] !== '0'
}

/** Negative, 0 or positive, as for sorting. */
export function compareQuantity(left: Quantity, right: Quantity): number {
  return left.nanos < right.nanos ? -1 : left.nanos > right.nanos ? 1 : 0
}

/** The sum keeps the left format; a zero takes over the right one's, as upstream's Add does. */
export function addQuantity(left: Quantity, right: Quantity): Quantity {
  return { nanos: left.nanos + right.nanos, format: left.nanos === 0n ? right.format : left.format }
}

export function subtractQuantity(left: Quantity, right: Quantity): Quantity {
  return { nanos: left.nanos - right.nanos, format: left.nanos === 0n ? right.format : left.format }
}

/** Whole units, rounded up: bytes of a memory quantity, pieces of an extended resource. 0 for what is no quantity. */
export function quantityValue(text: string | undefined): number {
  return roundUp(text, nano)
}

/** Thousandths, rounded up: millicores of a cpu quantity. 0 for what is no quantity. */
export function quantityMilliValue(text: string | undefined): number {
  return roundUp(text, 1_000_000n)
}

function roundUp(text: string | undefined, unit: bigint): number {
  const nanos = text === undefined ? undefined : parseQuantity(text)?.nanos
  if (nanos === undefined) return 0
  return Number(nanos >= 0n ? divideUp(nanos, unit) : nanos / unit)
}
