import type { GoField, GoPackage, GoType } from './go-source.ts'

/** A type as the schema sees it: Go's spelling resolved, pointers apart. */
export type ModelType =
  | { kind: 'scalar'; scalar: string }
  | { kind: 'named'; type: GoType }
  | { kind: 'struct'; type: GoType }
  | { kind: 'list'; element: ModelType }
  | { kind: 'map'; value: ModelType }
  /** Free-form JSON; `wire` says which message carries it in protobuf. */
  | { kind: 'any'; wire: string }

export interface ModelField {
  go: GoField
  json: string
  type: ModelType
  pointer: boolean
  omitEmpty: boolean
  omitZero: boolean
  required: boolean
  /** Protobuf field numbers from the struct that holds the field, through inlined messages, to the field itself. */
  numbers: number[]
}

const scalars: Record<string, string> = {
  string: 'string',
  bool: 'boolean',
  int: 'int64',
  int32: 'int32',
  int64: 'int64',
  float64: 'double',
  '[]byte': 'bytes',
}

/** Types of other packages, and those whose JSON form is not that of their Go fields. */
const special: Record<string, ModelType> = {
  'k8s.io/apimachinery/pkg/api/resource.Quantity': { kind: 'scalar', scalar: 'quantity' },
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString': { kind: 'scalar', scalar: 'intOrString' },
  'k8s.io/apimachinery/pkg/runtime.RawExtension': { kind: 'any', wire: 'raw' },
  'k8s.io/apimachinery/pkg/types.UID': { kind: 'scalar', scalar: 'string' },
  'k8s.io/apimachinery/pkg/types.NodeName': { kind: 'scalar', scalar: 'string' },
  'k8s.io/apimachinery/pkg/apis/meta/v1.Time': { kind: 'scalar', scalar: 'time' },
  'k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime': { kind: 'scalar', scalar: 'microTime' },
  'k8s.io/apimachinery/pkg/apis/meta/v1.Duration': { kind: 'scalar', scalar: 'duration' },
  'k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1': { kind: 'any', wire: 'fieldsV1' },
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON': { kind: 'any', wire: 'json' },
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrArray': {
    kind: 'any',
    wire: 'schemaOrArray',
  },
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrBool': {
    kind: 'any',
    wire: 'schemaOrBool',
  },
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrStringArray': {
    kind: 'any',
    wire: 'schemaOrStrings',
  },
}

/** Resolves Go's type spellings over all packages. */
export class Model {
  readonly packages: Map<string, GoPackage>
  private readonly pathByName: Map<string, string>

  constructor(packages: Map<string, GoPackage>) {
    this.packages = packages
    this.pathByName = new Map([...packages].map(([path, pkg]) => [pkg.name, path]))
  }

  isSpecial(type: GoType): boolean {
    return `${this.pathByName.get(type.package)}.${type.name}` in special
  }

  constant(pkg: GoPackage, name: string): string {
    const value = pkg.constants.get(name)
    if (value === undefined) throw new Error(`${pkg.name}: no constant ${name}`)
    return value
  }

  /** Structs that have a JSON form of their own, in declaration order. */
  structs(pkg: GoPackage): GoType[] {
    return [...pkg.types.values()].filter(
      (type) =>
        type.fields !== undefined &&
        !this.isSpecial(type) &&
        (type.fields.length === 0 ||
          type.fields.some((field) => field.tags.json !== undefined && field.tags.json !== '-')),
    )
  }

  /** Fields in order, inlined structs flattened as in JSON. */
  fields(type: GoType): ModelField[] {
    const result: ModelField[] = []
    for (const field of type.fields!) {
      const [json, ...options] = (field.tags.json ?? '').split(',')
      if (json === '-') continue
      if (field.tags.json === undefined && !field.embedded) continue
      if (field.embedded && (json === '' || options.includes('inline'))) {
        const { type: inner } = this.resolve(field.type, type.package)
        if (inner.kind !== 'struct') throw new Error(`${type.name}: inlines ${field.type}`)
        const outer = protobufNumber(field)
        for (const each of this.fields(inner.type)) {
          // TypeMeta is inlined without a number: apiVersion and kind travel in the envelope.
          result.push({ ...each, numbers: outer === undefined ? [] : [outer, ...each.numbers] })
        }
        continue
      }
      const { type: resolved, pointer } = this.resolve(field.type, type.package)
      const omitEmpty = options.includes('omitempty')
      const omitZero = options.includes('omitzero')
      const number = protobufNumber(field)
      result.push({
        go: field,
        json: json!,
        type: resolved,
        pointer,
        omitEmpty,
        omitZero,
        required:
          field.markers.has('required') || (!omitEmpty && !omitZero && !field.markers.has('optional')),
        numbers: number === undefined ? [] : [number],
      })
    }
    return result
  }

  resolve(spelling: string, inPackage: string): { type: ModelType; pointer: boolean } {
    if (spelling.startsWith('*'))
      return { type: this.resolve(spelling.slice(1), inPackage).type, pointer: true }
    if (spelling === 'interface{}') return { type: { kind: 'any', wire: 'none' }, pointer: false }
    if (spelling in scalars) return { type: { kind: 'scalar', scalar: scalars[spelling]! }, pointer: false }
    if (spelling.startsWith('[]')) {
      return {
        type: { kind: 'list', element: this.resolve(spelling.slice(2), inPackage).type },
        pointer: false,
      }
    }
    const map = /^map\[[\w.]+\](.+)$/.exec(spelling)
    if (map) return { type: { kind: 'map', value: this.resolve(map[1]!, inPackage).type }, pointer: false }

    const here = this.packages.get(this.pathByName.get(inPackage)!)!
    const dot = spelling.indexOf('.')
    const path = dot < 0 ? this.pathByName.get(inPackage)! : here.imports.get(spelling.slice(0, dot))
    const name = spelling.slice(dot + 1)
    const known = special[`${path}.${name}`]
    if (known) return { type: known, pointer: false }
    const type = this.packages.get(path ?? '')?.types.get(name)
    if (!type) throw new Error(`${inPackage}: unknown type ${spelling}`)
    if (type.fields) return { type: { kind: 'struct', type }, pointer: false }
    if (type.underlying === 'string') return { type: { kind: 'named', type }, pointer: false }
    // A slice that is a message of its own on the wire (ExtraValue, Verbs) keeps its name.
    if (type.markers.has('protobuf.nullable') && type.underlying!.startsWith('[]')) {
      return { type: { kind: 'named', type }, pointer: false }
    }
    return this.resolve(type.underlying!, type.package)
  }
}

function protobufNumber(field: GoField): number | undefined {
  const tag = field.tags.protobuf
  return tag === undefined ? undefined : Number(tag.split(',')[1])
}
