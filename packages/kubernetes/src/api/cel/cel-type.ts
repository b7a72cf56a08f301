/**
 * Types of the Common Expression Language. `object` types have fields that are known and no others; values of theirs are
 * maps when an expression runs. `parameter` is a type variable of a function's signature.
 */
export type CelType =
  | { kind: PlainKind; most?: number }
  | ListType
  | MapType
  | ObjectType
  | { kind: 'opaque'; name: string; parameters: readonly CelType[] }
  | { kind: 'type'; of?: CelType }
  | { kind: 'parameter'; name: string }

export type PlainKind =
  | 'dyn'
  | 'error'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'

export interface ListType {
  kind: 'list'
  element: CelType
  /** The most elements (of strings: bytes) that there can be, where it is known. */
  most?: number
  /** Kubernetes' lists that are equal in any order, and joined by value or by keys. */
  listType?: 'set' | 'map'
  keys?: readonly string[]
}

export interface MapType {
  kind: 'map'
  most?: number
  key: CelType
  value: CelType
}

export interface ObjectType {
  kind: 'object'
  name: string
  /** By the name that expressions use, which is escaped. */
  fields: ReadonlyMap<string, CelType>
}

export const dyn: CelType = { kind: 'dyn' }
export const bool: CelType = { kind: 'bool' }
export const int: CelType = { kind: 'int' }
export const string: CelType = { kind: 'string' }
export const errorType: CelType = { kind: 'error' }

export function listOf(element: CelType): ListType {
  return { kind: 'list', element }
}

export function mapOf(key: CelType, value: CelType): MapType {
  return { kind: 'map', key, value }
}

export function optionalOf(value: CelType): CelType {
  return { kind: 'opaque', name: 'optional_type', parameters: [value] }
}

export function objectType(name: string, fields: Record<string, CelType>): ObjectType {
  return { kind: 'object', name, fields: new Map(Object.entries(fields)) }
}

/** What an optional type holds; undefined for others. */
export function inOptional(type: CelType): CelType | undefined {
  return type.kind === 'opaque' && type.name === 'optional_type' ? type.parameters[0] : undefined
}

/** A type as messages show it. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'error':
      return '!error!'
    case 'list':
      return `list(${formatType(type.element)})`
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`
    case 'object':
    case 'parameter':
      return type.name
    case 'opaque':
      return type.parameters.length > 0
        ? `${type.name}(${type.parameters.map(formatType).join(', ')})`
        : type.name
    case 'type':
      return type.of ? `type(${formatType(type.of)})` : 'type'
    default:
      return type.kind
  }
}

/** The types that one is made of. */
export function parametersOf(type: CelType): readonly CelType[] {
  switch (type.kind) {
    case 'list':
      return [type.element]
    case 'map':
      return [type.key, type.value]
    case 'opaque':
      return type.parameters
    case 'type':
      return type.of ? [type.of] : []
    default:
      return []
  }
}

/** The same type of other parts. */
export function withParameters(type: CelType, parts: readonly CelType[]): CelType {
  switch (type.kind) {
    case 'list':
      return { ...type, element: parts[0] ?? dyn }
    case 'map':
      return { ...type, key: parts[0] ?? dyn, value: parts[1] ?? dyn }
    case 'opaque':
      return { ...type, parameters: parts }
    case 'type':
      return parts[0] ? { kind: 'type', of: parts[0] } : type
    default:
      return type
  }
}

function nameOf(type: CelType): string {
  return type.kind === 'object' || type.kind === 'opaque' || type.kind === 'parameter' ? type.name : ''
}

export function sameType(left: CelType, right: CelType): boolean {
  if (left === right) return true
  if (left.kind !== right.kind || nameOf(left) !== nameOf(right)) return false
  const parts = parametersOf(left)
  const others = parametersOf(right)
  return (
    parts.length === others.length && parts.every((part, index) => sameType(part, others[index] as CelType))
  )
}
