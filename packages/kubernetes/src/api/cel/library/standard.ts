import { goRegExp } from '../../validation/structural/go-regexp.ts'
import { CelError } from '../cel-error.ts'
import { celCompare, celEquals } from '../compare.ts'
import type { Library } from '../overload.ts'
import { element, typeOf } from '../program.ts'
import {
  ArrayList,
  CelDuration,
  CelList,
  type CelMap,
  CelOptional,
  CelTimestamp,
  CelUint,
  type CelValue,
  none,
  typeNameOf,
} from '../values.ts'
import { doubleToBigint, formatDouble, int64, uint64 } from './numbers.ts'
import {
  duration,
  formatDuration,
  formatTimestamp,
  inZone,
  parseGoDuration,
  parseTimestamp,
  timestamp,
} from './time.ts'

const ordered = [
  ...['bool', 'string', 'bytes', 'timestamp', 'duration'].map((type) => [type, type]),
  ...['int', 'uint', 'double'].flatMap((left) => ['int', 'uint', 'double'].map((right) => [left, right])),
]

/** `<` and the like, for every two types that have an order. */
const comparisons: Library = Object.fromEntries(
  ordered.flatMap(([left, right]) =>
    (
      [
        ['<', (order: number) => order < 0],
        ['<=', (order: number) => order <= 0],
        ['>', (order: number) => order > 0],
        ['>=', (order: number) => order >= 0],
      ] as const
    ).map(([sign, holds]) => [
      `_${sign}_(${left}, ${right}): bool`,
      (a: CelValue, b: CelValue) => holds(celCompare(a, b)),
    ]),
  ),
)

/** They are part of the language itself: only the checker looks at these. */
const special: Library = {
  '_?_:_(bool, A, A): A': () => null,
  '_&&_(bool, bool): bool': () => null,
  '_||_(bool, bool): bool': () => null,
  '_==_(A, A): bool': celEquals,
  '_!=_(A, A): bool': (left: CelValue, right: CelValue) => !celEquals(left, right),
}

function joinLists(left: CelList, right: CelList): CelList {
  return left.semantics?.join(left, right) ?? new ArrayList([...left, ...right])
}

function divide(left: bigint, right: bigint): bigint {
  if (right === 0n) throw new CelError('division by zero')
  return left / right
}

function modulo(left: bigint, right: bigint): bigint {
  if (right === 0n) throw new CelError('modulus by zero')
  return left % right
}

const arithmetic: Library = {
  '_+_(bytes, bytes): bytes': (a: Uint8Array, b: Uint8Array) => Buffer.concat([a, b]),
  '_+_(double, double): double': (a: number, b: number) => a + b,
  '_+_(duration, duration): duration': (a: CelDuration, b: CelDuration) => duration(a.nanos + b.nanos),
  '_+_(duration, timestamp): timestamp': (a: CelDuration, b: CelTimestamp) => timestamp(a.nanos + b.nanos),
  '_+_(timestamp, duration): timestamp': (a: CelTimestamp, b: CelDuration) => timestamp(a.nanos + b.nanos),
  '_+_(int, int): int': (a: bigint, b: bigint) => int64(a + b),
  '_+_(list<A>, list<A>): list<A>': joinLists,
  '_+_(string, string): string': (a: string, b: string) => a + b,
  '_+_(uint, uint): uint': (a: CelUint, b: CelUint) => uint64(a.value + b.value),
  '_-_(double, double): double': (a: number, b: number) => a - b,
  '_-_(duration, duration): duration': (a: CelDuration, b: CelDuration) => duration(a.nanos - b.nanos),
  '_-_(int, int): int': (a: bigint, b: bigint) => int64(a - b),
  '_-_(timestamp, duration): timestamp': (a: CelTimestamp, b: CelDuration) => timestamp(a.nanos - b.nanos),
  '_-_(timestamp, timestamp): duration': (a: CelTimestamp, b: CelTimestamp) => duration(a.nanos - b.nanos),
  '_-_(uint, uint): uint': (a: CelUint, b: CelUint) => uint64(a.value - b.value),
  '_*_(double, double): double': (a: number, b: number) => a * b,
  '_*_(int, int): int': (a: bigint, b: bigint) => int64(a * b),
  '_*_(uint, uint): uint': (a: CelUint, b: CelUint) => uint64(a.value * b.value),
  '_/_(double, double): double': (a: number, b: number) => a / b,
  '_/_(int, int): int': (a: bigint, b: bigint) => int64(divide(a, b)),
  '_/_(uint, uint): uint': (a: CelUint, b: CelUint) => uint64(divide(a.value, b.value)),
  '_%_(int, int): int': modulo,
  '_%_(uint, uint): uint': (a: CelUint, b: CelUint) => uint64(modulo(a.value, b.value)),
  '-_(double): double': (a: number) => -a,
  '-_(int): int': (a: bigint) => int64(-a),
  '!_(bool): bool': (a: boolean) => !a,
}

function has(value: CelValue, list: CelList): boolean {
  for (const each of list) if (celEquals(value, each)) return true
  return false
}

function optionalElement(value: CelValue, key: CelValue): CelValue {
  const found = element(value instanceof CelOptional ? (value.value ?? new ArrayList([])) : value, key)
  return found === undefined ? none : new CelOptional(found)
}

const sizes: [type: string, size: (value: never) => number][] = [
  ['bytes', (value: Uint8Array) => value.length],
  ['list<A>', (value: CelList) => value.size],
  ['map<A, B>', (value: CelMap) => value.size],
  ['string', (value: string) => [...value].length],
]

const collections: Library = {
  // `program.ts` has its own way for these two.
  '_[_](list<A>, int): A': () => null,
  '_[_](map<A, B>, A): B': () => null,
  '_[_](optional<list<A>>, int): optional<A>': optionalElement,
  '_[_](optional<map<A, B>>, A): optional<B>': optionalElement,
  '_[?_](list<A>, int): optional<A>': optionalElement,
  '_[?_](map<A, B>, A): optional<B>': optionalElement,
  '_[?_](optional<list<A>>, int): optional<A>': optionalElement,
  '_[?_](optional<map<A, B>>, A): optional<B>': optionalElement,
  '@in(A, list<A>): bool': has,
  '@in(A, map<A, B>): bool': (key: CelValue, map: CelMap) => map.has(key),
  ...Object.fromEntries(
    sizes.flatMap(([type, size]) => [
      [`size(${type}): int`, (value: never) => BigInt(size(value))],
      [`(${type}).size(): int`, (value: never) => BigInt(size(value))],
    ]),
  ),
}

function conversionError(value: CelValue, type: string): CelError {
  return new CelError(`type conversion error from '${typeNameOf(value)}' to '${type}'`)
}

function parseInteger(text: string, bits: (value: bigint) => CelValue, type: string): CelValue {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new CelError(`strconv.Parse${type}: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return bits(BigInt(text.replace('+', '')))
}

function parseDouble(text: string): number {
  const value = /^[+-]?(inf|infinity)$/i.test(text)
    ? Number(`${text.startsWith('-') ? '-' : ''}Infinity`)
    : Number(text)
  const isNumber = text.trim() === text && text !== '' && (!Number.isNaN(value) || /^nan$/i.test(text))
  if (!isNumber) throw new CelError(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`)
  return value
}

const truth: Readonly<Record<string, boolean>> = {
  '1': true,
  t: true,
  T: true,
  true: true,
  TRUE: true,
  True: true,
  '0': false,
  f: false,
  F: false,
  false: false,
  FALSE: false,
  False: false,
}

const self = (value: CelValue): CelValue => value
const conversions: Library = {
  'type(A): type<A>': typeOf,
  'dyn(A): dyn': self,
  'bool(bool): bool': self,
  'bool(string): bool': (text: string) => {
    const value = Object.hasOwn(truth, text) ? truth[text] : undefined
    if (value === undefined)
      throw new CelError(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`)
    return value
  },
  'bytes(bytes): bytes': self,
  'bytes(string): bytes': (text: string) => Buffer.from(text),
  'double(double): double': self,
  'double(int): double': (value: bigint) => Number(value),
  'double(string): double': parseDouble,
  'double(uint): double': ({ value }: CelUint) => Number(value),
  'duration(duration): duration': self,
  'duration(int): duration': (nanos: bigint) => duration(nanos),
  'duration(string): duration': (text: string) => {
    const value = parseGoDuration(text)
    if (!value) throw conversionError(text, 'google.protobuf.Duration')
    return value
  },
  'int(int): int': self,
  'int(double): int': (value: number) => doubleToBigint(value, -(2 ** 63), 2 ** 63),
  'int(duration): int': ({ nanos }: CelDuration) => nanos,
  'int(string): int': (text: string) => parseInteger(text, int64, 'Int'),
  'int(timestamp): int': ({ nanos }: CelTimestamp) => BigInt(Math.floor(Number(nanos) / 1e9)),
  'int(uint): int': ({ value }: CelUint) => int64(value),
  'string(string): string': self,
  'string(bool): string': String,
  'string(bytes): string': (bytes: Uint8Array) => {
    const text = Buffer.from(bytes).toString()
    if (text.includes('\ufffd')) throw new CelError('invalid UTF-8 in bytes, cannot convert to string')
    return text
  },
  'string(double): string': formatDouble,
  'string(duration): string': formatDuration,
  'string(int): string': String,
  'string(timestamp): string': formatTimestamp,
  'string(uint): string': ({ value }: CelUint) => String(value),
  'timestamp(timestamp): timestamp': self,
  'timestamp(int): timestamp': (seconds: bigint) => timestamp(seconds * 1_000_000_000n),
  'timestamp(string): timestamp': (text: string) => {
    const value = parseTimestamp(text)
    if (!value) throw conversionError(text, 'google.protobuf.Timestamp')
    return timestamp(value.nanos)
  },
  'uint(uint): uint': self,
  'uint(double): uint': (value: number) => uint64(doubleToBigint(value, -1, 2 ** 64)),
  'uint(int): uint': uint64,
  'uint(string): uint': (text: string) => parseInteger(text, uint64, 'Uint'),
}

/** @throws CelError for a pattern that is none */
export function regularExpression(pattern: string, flags = ''): RegExp {
  const regex = goRegExp(pattern)
  if (!regex) throw new CelError(`error parsing regexp: invalid pattern: \`${pattern}\``)
  return flags ? new RegExp(regex.source, regex.flags + flags) : regex
}

const matches = (text: string, pattern: string): boolean => regularExpression(pattern).test(text)

const texts: Library = {
  '(string).contains(string): bool': (text: string, part: string) => text.includes(part),
  '(string).endsWith(string): bool': (text: string, part: string) => text.endsWith(part),
  '(string).startsWith(string): bool': (text: string, part: string) => text.startsWith(part),
  '(string).matches(string): bool': matches,
  'matches(string, string): bool': matches,
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000)
}

const clock: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDayOfYear: dayOfYear,
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDate: (date) => date.getUTCDate(),
  getDayOfWeek: (date) => date.getUTCDay(),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
}

const times: Library = {
  ...Object.fromEntries(
    Object.entries(clock).flatMap(([name, read]) => [
      [`(timestamp).${name}(): int`, (time: CelTimestamp) => BigInt(read(inZone(time)))],
      [
        `(timestamp).${name}(string): int`,
        (time: CelTimestamp, zone: string) => BigInt(read(inZone(time, zone))),
      ],
    ]),
  ),
  '(duration).getHours(): int': ({ nanos }: CelDuration) => nanos / 3_600_000_000_000n,
  '(duration).getMinutes(): int': ({ nanos }: CelDuration) => nanos / 60_000_000_000n,
  '(duration).getSeconds(): int': ({ nanos }: CelDuration) => nanos / 1_000_000_000n,
  '(duration).getMilliseconds(): int': ({ nanos }: CelDuration) => (nanos / 1_000_000n) % 1000n,
}

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === '' || value === 0n || value === 0) return true
  if (value instanceof CelUint) return value.value === 0n
  if (value instanceof CelDuration || value instanceof CelTimestamp) return value.nanos === 0n
  if (value instanceof CelList || (typeof value === 'object' && 'size' in value)) return value.size === 0
  return false
}

const optionals: Library = {
  'optional.of(A): optional<A>': (value: CelValue) => new CelOptional(value),
  'optional.none(): optional<A>': () => none,
  'optional.ofNonZeroValue(A): optional<A>': (value: CelValue) =>
    isZero(value) ? none : new CelOptional(value),
  '(optional<A>).hasValue(): bool': ({ value }: CelOptional) => value !== undefined,
  '(optional<A>).value(): A': ({ value }: CelOptional) => {
    if (value === undefined) throw new CelError('optional.none() dereference')
    return value
  },
  '(optional<A>).or(optional<A>): optional<A>': (left: CelOptional, right: CelOptional) =>
    left.value === undefined ? right : left,
  '(optional<A>).orValue(A): A': (left: CelOptional, right: CelValue) =>
    left.value === undefined ? right : left.value,
}

/** What every expression can use. */
export const standardLibraries: readonly Library[] = [
  special,
  arithmetic,
  comparisons,
  collections,
  conversions,
  texts,
  times,
  optionals,
]
