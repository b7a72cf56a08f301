import type { JsonObject } from '../json.ts'
import { CelError } from './cel-error.ts'
import { type CelType, dyn, type ListType } from './cel-type.ts'
import { celEquals } from './compare.ts'
import { unescapeField } from './field-names.ts'
import { formatDouble } from './library/numbers.ts'
import { formatDuration, formatTimestamp, parseGoDuration, parseTimestamp } from './library/time.ts'
import {
  ArrayList,
  CelDuration,
  CelList,
  CelMap,
  CelOptional,
  CelTimestamp,
  CelUint,
  type CelValue,
  type ListSemantics,
  typeNameOf,
} from './values.ts'

/** A JSON value as expressions see it by its type; lists and objects are looked into only where an expression does. */
export function celFromJson(value: unknown, type: CelType = dyn): CelValue {
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) return new JsonList(value, type.kind === 'list' ? type : undefined)
  if (typeof value === 'object') return new JsonMap(value as JsonObject, type)
  if (typeof value === 'number') {
    const isInt = type.kind === 'double' ? false : type.kind === 'int' || Number.isInteger(value)
    return isInt && Number.isInteger(value) ? BigInt(value) : value
  }
  return typeof value === 'string' ? fromText(value, type) : (value as boolean)
}

function fromText(value: string, type: CelType): CelValue {
  switch (type.kind) {
    case 'bytes':
      return Buffer.from(value, 'base64')
    case 'duration':
      return must(parseGoDuration(value), value, 'duration')
    case 'timestamp':
      return must(parseTimestamp(value.length === 10 ? `${value}T00:00:00Z` : value), value, 'timestamp')
    default:
      return value
  }
}

function must<T>(parsed: T | undefined, text: string, type: string): T {
  if (parsed === undefined) throw new CelError(`invalid ${type} expected format, got: ${text}`)
  return parsed
}

class JsonList extends CelList {
  readonly #items: readonly unknown[]
  readonly #type: ListType | undefined

  constructor(items: readonly unknown[], type: ListType | undefined) {
    super()
    this.#items = items
    this.#type = type
  }

  override get semantics(): ListSemantics | undefined {
    if (this.#type?.listType === 'set') return setSemantics
    return this.#type?.listType === 'map' ? mapSemantics(this.#type.keys ?? []) : undefined
  }

  get size(): number {
    return this.#items.length
  }

  at(index: number): CelValue | undefined {
    const item = this.#items[index]
    return item === undefined ? undefined : celFromJson(item, this.#type?.element)
  }
}

class JsonMap extends CelMap {
  readonly #object: JsonObject
  readonly #type: CelType

  constructor(object: JsonObject, type: CelType) {
    super()
    this.#object = object
    this.#type = type
  }

  get size(): number {
    let size = 0
    for (const _key of this.keys()) size++
    return size
  }

  get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string' || !this.has(key)) return undefined
    const type = this.#type.kind === 'map' ? this.#type.value : dyn
    return celFromJson(this.#object[key], this.#type.kind === 'object' ? this.#type.fields.get(key) : type)
  }

  has(key: CelValue): boolean {
    return typeof key === 'string' && Object.hasOwn(this.#object, key) && this.#object[key] !== undefined
  }

  *keys(): Iterable<CelValue> {
    for (const key in this.#object) if (this.has(key)) yield key
  }

  /** Fields of known objects have escaped names in expressions. */
  override field(name: string): CelValue | undefined {
    if (this.#type.kind !== 'object') return this.get(name)
    const key = unescapeField(name)
    return this.has(key) ? celFromJson(this.#object[key], this.#type.fields.get(name)) : undefined
  }

  override hasField(name: string): boolean {
    return this.has(this.#type.kind === 'object' ? unescapeField(name) : name)
  }
}

/** Sets are equal in any order; joining adds what is new. */
const setSemantics: ListSemantics = {
  equals: (left, right) =>
    left.size === right.size && [...left].every((value) => [...right].some((each) => celEquals(value, each))),
  join(left, right) {
    const items = [...left]
    for (const value of right) if (!items.some((each) => celEquals(each, value))) items.push(value)
    return new ArrayList(items, setSemantics)
  },
}

/** Lists that are maps by keys: the keys tell which elements belong together; joining replaces these. */
function mapSemantics(keys: readonly string[]): ListSemantics {
  const same = (left: CelValue, right: CelValue): boolean =>
    keys.every((key) => celEquals(keyOf(left, key), keyOf(right, key)))
  const semantics: ListSemantics = {
    equals: (left, right) =>
      left.size === right.size &&
      [...left].every((value) => [...right].some((each) => same(value, each) && celEquals(value, each))),
    join(left, right) {
      const items = [...left]
      for (const value of right) {
        const index = items.findIndex((each) => same(each, value))
        if (index < 0) items.push(value)
        else items[index] = value
      }
      return new ArrayList(items, semantics)
    },
  }
  return semantics
}

function keyOf(value: CelValue, key: string): CelValue {
  return value instanceof CelMap ? (value.get(key) ?? null) : null
}

/** What an expression made, as JSON. @throws CelError for values that JSON has nothing for */
export function celToJson(value: CelValue): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : formatDouble(value)
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof CelUint) return Number(value.value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof CelTimestamp) return formatTimestamp(value)
  if (value instanceof CelDuration) return formatDuration(value)
  if (value instanceof CelList) return [...value].map(celToJson)
  if (value instanceof CelOptional) return value.value === undefined ? null : celToJson(value.value)
  if (value instanceof CelMap) {
    const object: JsonObject = {}
    for (const key of value.keys()) object[String(key)] = celToJson(value.get(key) as CelValue)
    return object
  }
  throw new CelError(`type conversion error from '${typeNameOf(value)}' to JSON`)
}
