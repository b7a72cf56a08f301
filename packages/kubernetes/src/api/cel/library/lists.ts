import { CelError } from '../cel-error.ts'
import { celCompare, celEquals } from '../compare.ts'
import type { Library } from '../overload.ts'
import {
  ArrayList,
  type CelDuration,
  CelList,
  CelOptional,
  type CelUint,
  type CelValue,
  none,
} from '../values.ts'
import { int64, uint64 } from './numbers.ts'
import { duration } from './time.ts'

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes']

function isSorted(list: CelList): boolean {
  let previous: CelValue | undefined
  for (const value of list) {
    if (previous !== undefined && celCompare(previous, value) > 0) return false
    previous = value
  }
  return true
}

function extreme(name: string, sign: number): (list: CelList) => CelValue {
  return (list) => {
    let found: CelValue | undefined
    for (const value of list) if (found === undefined || celCompare(value, found) * sign > 0) found = value
    if (found === undefined) throw new CelError(`${name} called on empty list`)
    return found
  }
}

function indexOf(list: CelList, value: CelValue): bigint {
  let index = 0n
  for (const each of list) {
    if (celEquals(each, value)) return index
    index++
  }
  return -1n
}

function lastIndexOf(list: CelList, value: CelValue): bigint {
  for (let index = list.size - 1; index >= 0; index--)
    if (celEquals(list.at(index) as CelValue, value)) return BigInt(index)
  return -1n
}

const bigints = (list: CelList): bigint[] => [...list] as bigint[]

/** Kubernetes' own. */
export const kubernetesLists: Library = {
  ...Object.fromEntries(
    comparable.flatMap((type) => [
      [`(list<${type}>).isSorted(): bool`, isSorted],
      [`(list<${type}>).min(): ${type}`, extreme('min', -1)],
      [`(list<${type}>).max(): ${type}`, extreme('max', 1)],
    ]),
  ),
  '(list<int>).sum(): int': (list: CelList) => bigints(list).reduce((sum, value) => int64(sum + value), 0n),
  '(list<uint>).sum(): uint': (list: CelList) =>
    uint64(([...list] as CelUint[]).reduce((sum, { value }) => sum + value, 0n)),
  '(list<double>).sum(): double': (list: CelList) =>
    ([...list] as number[]).reduce((sum, value) => sum + value, 0),
  '(list<duration>).sum(): duration': (list: CelList) =>
    duration(([...list] as CelDuration[]).reduce((sum, { nanos }) => sum + nanos, 0n)),
  '(list<A>).indexOf(A): int': indexOf,
  '(list<A>).lastIndexOf(A): int': lastIndexOf,
}

function slice(list: CelList, start: bigint, end: bigint): CelList {
  const text = `cannot slice(${start}, ${end}),`
  if (start < 0n || end < 0n) throw new CelError(`${text} negative indexes not supported`)
  if (start > end) throw new CelError(`${text} start index must be less than or equal to end index`)
  if (list.size < end) throw new CelError(`${text} list is length ${list.size}`)
  return new ArrayList([...list].slice(Number(start), Number(end)))
}

function flattened(list: CelList, depth: bigint): CelValue[] {
  return [...list].flatMap((value) =>
    value instanceof CelList && depth > 0n ? flattened(value, depth - 1n) : [value],
  )
}

function flatten(list: CelList, depth = 1n): CelList {
  if (depth < 0n) throw new CelError('level must be non-negative')
  return new ArrayList(flattened(list, depth))
}

function distinct(list: CelList): CelList {
  const kept: CelValue[] = []
  for (const value of list) if (!kept.some((each) => celEquals(each, value))) kept.push(value)
  return new ArrayList(kept)
}

/** Values in the order of their keys. */
export function sortedBy(values: CelValue[], keys: CelValue[]): CelList {
  const order = values.map((_value, index) => index)
  order.sort((a, b) => celCompare(keys[a] as CelValue, keys[b] as CelValue))
  return new ArrayList(order.map((index) => values[index] as CelValue))
}

function range(count: bigint): CelList {
  if (count > 1_000_000n) throw new CelError('operation cancelled: actual cost limit exceeded')
  return new ArrayList(Array.from({ length: Math.max(0, Number(count)) }, (_each, index) => BigInt(index)))
}

function optional(value: CelValue | undefined): CelOptional {
  return value === undefined ? none : new CelOptional(value)
}

/** cel-go's lists library, third version. */
export const lists: Library = {
  ...Object.fromEntries(
    comparable.map((type) => [
      `(list<${type}>).sort(): list<${type}>`,
      (list: CelList) => sortedBy([...list], [...list]),
    ]),
  ),
  '(list<A>).slice(int, int): list<A>': slice,
  '(list<list<A>>).flatten(): list<A>': flatten,
  '(list<dyn>).flatten(int): list<dyn>': flatten,
  '(list<A>).distinct(): list<A>': distinct,
  '(list<A>).reverse(): list<A>': (list: CelList) => new ArrayList([...list].reverse()),
  '(list<A>).first(): optional<A>': (list: CelList) => optional(list.at(0)),
  '(list<A>).last(): optional<A>': (list: CelList) => optional(list.at(list.size - 1)),
  'lists.range(int): list<int>': range,
}

function containsAll(list: CelList, part: CelList): boolean {
  return [...part].every((value) => indexOf(list, value) >= 0n)
}

export const sets: Library = {
  'sets.contains(list<A>, list<A>): bool': containsAll,
  'sets.equivalent(list<A>, list<A>): bool': (a: CelList, b: CelList) =>
    containsAll(a, b) && containsAll(b, a),
  'sets.intersects(list<A>, list<A>): bool': (a: CelList, b: CelList) =>
    [...b].some((value) => indexOf(a, value) >= 0n),
}
