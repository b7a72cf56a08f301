import { CelError } from './cel-error.ts'
import {
  CelDuration,
  CelList,
  CelMap,
  CelOpaque,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  type CelValue,
} from './values.ts'

/** Equality, which every two values have: those of different types differ, but for numbers. */
export function celEquals(left: CelValue, right: CelValue): boolean {
  if (left === right) return true
  const a = numberOf(left)
  const b = numberOf(right)
  // JavaScript compares bigint with number by value, as CEL does.
  if (a !== undefined || b !== undefined) return a !== undefined && b !== undefined && a <= b && a >= b
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return false
  if (left instanceof CelList)
    return right instanceof CelList && (left.semantics?.equals ?? listsEqual)(left, right)
  if (left instanceof CelMap) return right instanceof CelMap && mapsEqual(left, right)
  if (left instanceof CelTimestamp) return right instanceof CelTimestamp && left.nanos === right.nanos
  if (left instanceof CelDuration) return right instanceof CelDuration && left.nanos === right.nanos
  if (left instanceof CelTypeValue) return right instanceof CelTypeValue && left.name === right.name
  if (left instanceof Uint8Array) return right instanceof Uint8Array && Buffer.compare(left, right) === 0
  if (left instanceof CelOptional) {
    if (!(right instanceof CelOptional)) return false
    if (left.value === undefined || right.value === undefined) return left.value === right.value
    return celEquals(left.value, right.value)
  }
  return (
    left instanceof CelOpaque &&
    right instanceof CelOpaque &&
    left.typeName === right.typeName &&
    left.equals(right)
  )
}

export function listsEqual(left: CelList, right: CelList): boolean {
  if (left.size !== right.size) return false
  for (let index = 0; index < left.size; index++)
    if (!celEquals(left.at(index) as CelValue, right.at(index) as CelValue)) return false
  return true
}

function mapsEqual(left: CelMap, right: CelMap): boolean {
  if (left.size !== right.size) return false
  for (const key of left.keys()) {
    const other = right.get(key)
    if (other === undefined || !celEquals(left.get(key) as CelValue, other)) return false
  }
  return true
}

/** -1, 0 or 1. @throws CelError for values that have no order */
export function celCompare(left: CelValue, right: CelValue): number {
  const a = numberOf(left)
  const b = numberOf(right)
  if (a !== undefined && b !== undefined) {
    if (Number.isNaN(a) || Number.isNaN(b)) throw new CelError('NaN values cannot be ordered')
    return a < b ? -1 : a > b ? 1 : 0
  }
  if (typeof left === 'string' && typeof right === 'string') return compareStrings(left, right)
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right)
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right)
  if (
    (left instanceof CelTimestamp && right instanceof CelTimestamp) ||
    (left instanceof CelDuration && right instanceof CelDuration)
  )
    return left.nanos < right.nanos ? -1 : left.nanos > right.nanos ? 1 : 0
  throw new CelError('no such overload')
}

/** By code points, as bytes of UTF-8 are ordered. */
function compareStrings(left: string, right: string): number {
  if (left === right) return 0
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

function numberOf(value: CelValue): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value
  return value instanceof CelUint ? value.value : undefined
}
