/** What expressions compute with: int is bigint, double is number; the rest has classes of its own. */
export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | CelUint
  | CelTimestamp
  | CelDuration
  | CelList
  | CelMap
  | CelTypeValue
  | CelOptional
  | CelOpaque

export class CelUint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

export class CelTimestamp {
  /** Since the epoch. */
  readonly nanos: bigint
  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

export class CelDuration {
  readonly nanos: bigint
  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

export abstract class CelList implements Iterable<CelValue> {
  abstract readonly size: number
  /** undefined outside of the list */
  abstract at(index: number): CelValue | undefined
  /** Equality and joining that differ from a plain list's. */
  get semantics(): ListSemantics | undefined {
    return undefined
  }

  *[Symbol.iterator](): Generator<CelValue> {
    for (let index = 0; index < this.size; index++) yield this.at(index) as CelValue
  }
}

/** How lists that are sets, or maps by some fields of their elements, are compared and joined. */
export interface ListSemantics {
  equals(left: CelList, right: CelList): boolean
  join(left: CelList, right: CelList): CelList
}

export class ArrayList extends CelList {
  readonly #items: readonly CelValue[]
  readonly #semantics: ListSemantics | undefined

  constructor(items: readonly CelValue[], semantics?: ListSemantics) {
    super()
    this.#items = items
    this.#semantics = semantics
  }

  override get semantics(): ListSemantics | undefined {
    return this.#semantics
  }

  get size(): number {
    return this.#items.length
  }

  at(index: number): CelValue | undefined {
    return this.#items[index]
  }
}

export abstract class CelMap {
  abstract readonly size: number
  abstract get(key: CelValue): CelValue | undefined
  abstract has(key: CelValue): boolean
  abstract keys(): Iterable<CelValue>
  /** A field by the name that expressions give it. */
  field(name: string): CelValue | undefined {
    return this.get(name)
  }
  hasField(name: string): boolean {
    return this.has(name)
  }
}

/** A map that an expression made. Numbers that are equal are one key, whatever their type. */
export class EntryMap extends CelMap {
  readonly #entries = new Map<string | boolean | number, [key: CelValue, value: CelValue]>()

  constructor(entries: Iterable<readonly [CelValue, CelValue]> = []) {
    super()
    for (const [key, value] of entries) this.#entries.set(keyForm(key), [key, value])
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: CelValue): CelValue | undefined {
    return this.#entries.get(keyForm(key))?.[1]
  }

  has(key: CelValue): boolean {
    return this.#entries.has(keyForm(key))
  }

  *keys(): Iterable<CelValue> {
    for (const [key] of this.#entries.values()) yield key
  }
}

function keyForm(key: CelValue): string | boolean | number {
  if (typeof key === 'bigint') return Number(key)
  if (key instanceof CelUint) return Number(key.value)
  if (typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean') return key
  return '\0 no key'
}

/** `int`, `type(x)` … */
export class CelTypeValue {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

export class CelOptional {
  readonly value: CelValue | undefined
  constructor(value?: CelValue) {
    this.value = value
  }
}

export const none = new CelOptional()

/** Values of a library's own types. */
export abstract class CelOpaque {
  abstract readonly typeName: string
  equals(other: CelOpaque): boolean {
    return this === other
  }
}

/** The name of a value's type, as `type(x)` prints and messages show it. */
export function typeNameOf(value: CelValue): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'double'
    case 'string':
      return 'string'
  }
  if (value === null) return 'null_type'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof CelUint) return 'uint'
  if (value instanceof CelTimestamp) return 'google.protobuf.Timestamp'
  if (value instanceof CelDuration) return 'google.protobuf.Duration'
  if (value instanceof CelList) return 'list'
  if (value instanceof CelMap) return 'map'
  if (value instanceof CelTypeValue) return 'type'
  return value instanceof CelOptional ? 'optional_type' : value.typeName
}
