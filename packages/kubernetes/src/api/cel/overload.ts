import { type CelType, dyn, listOf, mapOf, optionalOf } from './cel-type.ts'
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

/** One way to call a function. */
export interface Overload {
  /** Called as `x.f()`; `parameters` begin with `x`'s type then. */
  readonly member: boolean
  readonly parameters: readonly CelType[]
  readonly result: CelType
  readonly call: (...args: never[]) => CelValue
}

/**
 * Functions by signature: `size(string): int`, `(string).contains(string): bool`. Types are CEL's (`list<A>`,
 * `map<A, B>`, `optional<A>`, `type<A>`; single capitals are type variables), others a library's own.
 */
export type Library = Readonly<Record<string, (...args: never[]) => CelValue>>

/** What is known of functions: overloads by name. */
export type Functions = ReadonlyMap<string, readonly Overload[]>

export function functionsOf(libraries: readonly Library[]): Functions {
  const functions = new Map<string, Overload[]>()
  for (const library of libraries) {
    for (const [signature, call] of Object.entries(library)) {
      const { name, ...overload } = parseSignature(signature)
      const list = functions.get(name) ?? []
      list.push({ ...overload, call })
      functions.set(name, list)
    }
  }
  return functions
}

function parseSignature(text: string): Omit<Overload, 'call'> & { name: string } {
  const [, receiver, name, parameters, result] = /^(?:\(([^)]+)\)\.)?([^(]+)\((.*)\): (.+)$/.exec(text) ?? []
  if (name === undefined || result === undefined) throw new Error(`no signature: ${text}`)
  const types = splitTypes(parameters ?? '').map(parseType)
  return {
    name,
    member: receiver !== undefined,
    parameters: receiver === undefined ? types : [parseType(receiver), ...types],
    result: parseType(result),
  }
}

/** At commas outside of brackets. */
function splitTypes(text: string): string[] {
  return text === '' ? [] : text.split(/,\s*(?![^<]*>)/)
}

const plain = new Set(['null', 'bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'])

export function parseType(text: string): CelType {
  const [, name = '', inner] = /^([^<]+)(?:<(.*)>)?$/.exec(text) ?? []
  const parts = splitTypes(inner ?? '').map(parseType)
  const [first = dyn, second = dyn] = parts
  if (name === 'dyn') return dyn
  if (plain.has(name)) return { kind: name } as CelType
  switch (name) {
    case 'list':
      return listOf(first)
    case 'map':
      return mapOf(first, second)
    case 'optional':
      return optionalOf(first)
    case 'type':
      return parts.length > 0 ? { kind: 'type', of: first } : { kind: 'type' }
  }
  if (/^[A-Z]$/.test(name)) return { kind: 'parameter', name }
  return { kind: 'opaque', name, parameters: parts }
}

/** Whether a value is of a type, as far as can be told without looking into it. */
export function accepts(type: CelType, value: CelValue): boolean {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean'
    case 'int':
      return typeof value === 'bigint'
    case 'double':
      return typeof value === 'number'
    case 'string':
      return typeof value === 'string'
    case 'null':
      return value === null
    case 'uint':
      return value instanceof CelUint
    case 'bytes':
      return value instanceof Uint8Array
    case 'timestamp':
      return value instanceof CelTimestamp
    case 'duration':
      return value instanceof CelDuration
    case 'list':
      return value instanceof CelList && acceptsFirst(type.element, value)
    case 'map':
    case 'object':
      return value instanceof CelMap
    case 'type':
      return value instanceof CelTypeValue
    case 'opaque':
      return type.name === 'optional_type'
        ? value instanceof CelOptional
        : value instanceof CelOpaque && value.typeName === type.name
    default:
      return true
  }
}

/** Lists of one type of element tell which by their first. */
function acceptsFirst(element: CelType, list: CelList): boolean {
  const first = list.at(0)
  return first === undefined || accepts(element, first)
}
