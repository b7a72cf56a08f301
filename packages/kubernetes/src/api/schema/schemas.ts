import type { Json } from '../kube-object.ts'
import generated from './generated/types.json' with { type: 'json' }
import type { AnyWire, FieldNode, ScalarType, SchemaNode, StructNode } from './schema-node.ts'

/*
 * Grammar of generated/types.json, package → type → text:
 *
 *   type    = "{}" fields | "{atomic}" fields          a struct
 *           | "string" [" " value {"," value}]         a named string, with its known values
 *           | "[]string"                               a list that is a message of its own on the wire
 *   fields  = field {"|" field}
 *   field   = name " " flags " " numbers " " shape [" ~" strategies [":" mergeKey]] [" =" json]
 *   flags   = "-" | letters: r required, o omitempty, z omitzero, p pointer
 *   numbers = "-" | protobuf field number, after those of the inlined messages around it: "2.5"
 *   shape   = scalar | "any:" wire | "[]" shape | "[set]" shape | "[map:" key {"," key} "]" shape
 *           | "{}" shape | "{atomic}" shape | [sign] reference
 *   sign    = "-" atomic whatever the type says, "+" granular
 *   reference = "." name in the same package | "meta/" name | group.version "/" name under io.k8s.api
 */
const packages: Record<string, Record<string, string>> = generated

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const scalarTypes: readonly ScalarType[] = [
  'string',
  'boolean',
  'int32',
  'int64',
  'double',
  'bytes',
  'quantity',
  'intOrString',
  'time',
  'microTime',
  'duration',
]
const scalars = new Map<string, SchemaNode>(scalarTypes.map((type) => [type, { kind: 'scalar', type }]))

const nodes = new Map<string, SchemaNode>()

/**
 * The struct with that OpenAPI name, e.g. `io.k8s.api.core.v1.Pod`. Made on first use and kept; throws for unknown names.
 */
export function schemaOf(name: string): StructNode {
  const node = named(name)
  if (node.kind !== 'struct') throw new Error(`${name} is not a struct`)
  return node
}

/** True when {@link schemaOf} knows the name. */
export function hasSchema(name: string): boolean {
  return textOf(name)?.startsWith('{') ?? false
}

/** Names of all structs of a package, e.g. `io.k8s.api.core.v1`. */
export function schemaNames(packageName: string): string[] {
  return Object.entries(packages[packageName] ?? {}).flatMap(([name, text]) =>
    text.startsWith('{') ? [`${packageName}.${name}`] : [],
  )
}

function textOf(name: string): string | undefined {
  const dot = name.lastIndexOf('.')
  return packages[name.slice(0, dot)]?.[name.slice(dot + 1)]
}

function named(name: string): SchemaNode {
  let node = nodes.get(name)
  if (!node) {
    const text = textOf(name)
    if (text === undefined) throw new Error(`no schema for ${name}`)
    node = parseType(name, text)
    nodes.set(name, node)
  }
  return node
}

function parseType(name: string, text: string): SchemaNode {
  const [packageName, shortName] = splitName(name)
  if (text.startsWith('{')) {
    const body = text.slice(text.indexOf('}') + 1)
    return new LazyStruct(name, packageName, body, text.startsWith('{atomic}'))
  }
  if (text.startsWith('[]')) {
    return {
      kind: 'list',
      element: parseShape(text.slice(2), packageName),
      type: 'atomic',
      keys: [],
      wrapped: true,
    }
  }
  const values = text.slice('string '.length)
  return {
    kind: 'scalar',
    type: 'string',
    goType: `${packageName.slice(packageName.lastIndexOf('.') + 1)}.${shortName}`,
    ...(values && { enum: values.split(',').filter(Boolean) }),
  }
}

function splitName(name: string): [packageName: string, shortName: string] {
  const dot = name.lastIndexOf('.')
  return [name.slice(0, dot), name.slice(dot + 1)]
}

/** A struct whose fields are read when first asked for: most commands touch few of the kinds. */
class LazyStruct implements StructNode {
  readonly kind = 'struct'
  readonly open = false
  readonly name: string
  readonly atomic: boolean
  readonly #package: string
  #text: string
  #fields: ReadonlyMap<string, FieldNode> | undefined

  constructor(name: string, packageName: string, text: string, atomic: boolean) {
    this.name = name
    this.atomic = atomic
    this.#package = packageName
    this.#text = text
  }

  get fields(): ReadonlyMap<string, FieldNode> {
    if (!this.#fields) {
      const fields = new Map<string, FieldNode>()
      for (const part of this.#text ? this.#text.split('|') : []) {
        const field = new LazyField(part, this.#package)
        fields.set(field.name, field)
      }
      this.#fields = fields
      this.#text = ''
    }
    return this.#fields
  }

  /** The same struct with another say on atomicity, for a field that overrides its type. */
  withAtomic(atomic: boolean): StructNode {
    const struct = this
    return {
      kind: 'struct',
      name: this.name,
      atomic,
      open: false,
      get fields() {
        return struct.fields
      },
    }
  }
}

class LazyField implements FieldNode {
  readonly name: string
  readonly required: boolean
  readonly nullable = false
  readonly omitEmpty: boolean
  readonly omitZero: boolean
  readonly pointer: boolean
  readonly default?: Json
  readonly number?: number
  readonly via?: readonly number[]
  readonly patchStrategy?: readonly string[]
  readonly patchMergeKey?: string
  readonly #package: string
  readonly #shape: string
  #node: SchemaNode | undefined

  constructor(text: string, packageName: string) {
    const [name, flags, numbers, shape, ...rest] = text.split(' ') as [
      string,
      string,
      string,
      string,
      ...string[],
    ]
    this.name = name
    this.required = flags.includes('r')
    this.omitEmpty = flags.includes('o')
    this.omitZero = flags.includes('z')
    this.pointer = flags.includes('p')
    if (numbers !== '-') {
      const path = numbers.split('.').map(Number)
      this.number = path.pop()!
      if (path.length > 0) this.via = path
    }
    for (const word of rest) {
      if (word.startsWith('=')) this.default = JSON.parse(word.slice(1))
      else {
        const [strategies, key] = word.slice(1).split(':') as [string, string?]
        this.patchStrategy = strategies.split(',')
        if (key !== undefined) this.patchMergeKey = key
      }
    }
    this.#package = packageName
    this.#shape = shape
  }

  get node(): SchemaNode {
    this.#node ??= parseShape(this.#shape, this.#package)
    return this.#node
  }
}

function parseShape(text: string, packageName: string): SchemaNode {
  const scalar = scalars.get(text)
  if (scalar) return scalar
  if (text.startsWith('any:')) return { kind: 'any', wire: text.slice(4) as AnyWire }
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    const [type, keys] = text.slice(1, end).split(':') as [string, string?]
    return {
      kind: 'list',
      element: parseShape(text.slice(end + 1), packageName),
      type: type === '' ? 'atomic' : (type as 'set' | 'map'),
      keys: keys?.split(',') ?? [],
    }
  }
  if (text.startsWith('{')) {
    const end = text.indexOf('}')
    return { kind: 'map', value: parseShape(text.slice(end + 1), packageName), atomic: end > 1 }
  }
  const sign = text[0]
  if (sign === '-' || sign === '+') {
    const node = parseShape(text.slice(1), packageName)
    return node instanceof LazyStruct ? node.withAtomic(sign === '-') : node
  }
  const slash = text.indexOf('/')
  if (slash < 0) return named(packageName + text)
  const alias = text.slice(0, slash)
  return named(`${alias === 'meta' ? metaPackage : `io.k8s.api.${alias}`}.${text.slice(slash + 1)}`)
}
