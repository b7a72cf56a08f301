import { CelError } from '../cel-error.ts'
import { CelUint } from '../values.ts'

/** Arithmetic of 64 bits does not wrap around. @throws CelError */
export function int64(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new CelError('integer overflow')
  return value
}

export function uint64(value: bigint): CelUint {
  if (BigInt.asUintN(64, value) !== value) throw new CelError('unsigned integer overflow')
  return new CelUint(value)
}

/** A double's integer part. @throws CelError when it does not fit */
export function doubleToBigint(value: number, least: number, most: number): bigint {
  if (!Number.isFinite(value) || value <= least || value >= most) throw new CelError('integer overflow')
  return BigInt(Math.trunc(value))
}

/** A double as Go's `%g` prints it in the fewest digits. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const [mantissa = '', power = '0'] = value.toExponential().split('e')
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 21) return Object.is(value, -0) ? '-0' : plainDecimal(value, exponent)
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function plainDecimal(value: number, exponent: number): string {
  return exponent < -6 ? value.toFixed(20).replace(/0+$/, '') : String(value)
}
