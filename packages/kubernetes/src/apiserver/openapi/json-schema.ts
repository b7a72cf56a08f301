import type { Json } from '../../api/kube-object.ts'
import type {
  FieldNode,
  ListNode,
  MapNode,
  ScalarNode,
  SchemaNode,
  StructNode,
} from '../../api/schema/schema-node.ts'
import { schemaOf } from '../../api/schema/schemas.ts'
import { zeroScalar } from '../../api/structure/go-fields.ts'
import { descriptionOf } from './descriptions.ts'

/** A JSON schema as it is sent. */
export type JsonSchema = { [keyword: string]: Json }

/** The two versions of OpenAPI differ in where definitions stand and in what can be said beside a reference. */
export interface Dialect {
  readonly version: 2 | 3
  readonly refPrefix: string
}

export const openApiV2: Dialect = { version: 2, refPrefix: '#/definitions/' }
export const openApiV3: Dialect = { version: 3, refPrefix: '#/components/schemas/' }

/** Definitions that stand for scalars and free-form values. */
export const wellKnown = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  microTime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  duration: 'io.k8s.apimachinery.pkg.apis.meta.v1.Duration',
  raw: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  fieldsV1: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
  json: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
  schemaOrArray: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray',
  schemaOrBool: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool',
  schemaOrStrings: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray',
} as const

export function wellKnownSchema(name: string, dialect: Dialect): JsonSchema | undefined {
  const oneOf = (...types: string[]): Json => types.map((type) => ({ type }))
  switch (name) {
    case wellKnown.quantity:
      return dialect.version === 3 ? { oneOf: oneOf('string', 'number') } : { type: 'string' }
    case wellKnown.intOrString:
      return dialect.version === 3
        ? { format: 'int-or-string', oneOf: oneOf('integer', 'string') }
        : { format: 'int-or-string', type: 'string' }
    case wellKnown.time:
    case wellKnown.microTime:
      return { format: 'date-time', type: 'string' }
    case wellKnown.duration:
      return { type: 'string' }
    case wellKnown.raw:
    case wellKnown.fieldsV1:
      return { type: 'object' }
    case wellKnown.json:
    case wellKnown.schemaOrArray:
    case wellKnown.schemaOrBool:
    case wellKnown.schemaOrStrings:
      return {}
    default:
      return undefined
  }
}

/** The definition of a built-in struct. `refer` is told every definition that it needs. */
export function structSchema(
  struct: StructNode,
  dialect: Dialect,
  refer: (name: string) => void,
): JsonSchema {
  const schema: JsonSchema = { type: 'object' }
  const description = descriptionOf(struct.name)
  if (description) schema.description = description
  const properties: JsonSchema = {}
  const required: string[] = []
  for (const field of struct.fields.values()) {
    properties[field.name] = fieldSchema(field, struct, dialect, refer)
    if (field.required) required.push(field.name)
  }
  if (struct.fields.size > 0) schema.properties = properties
  if (required.length > 0) schema.required = required
  if (struct.atomic) schema['x-kubernetes-map-type'] = 'atomic'
  return schema
}

function fieldSchema(
  field: FieldNode,
  owner: StructNode,
  dialect: Dialect,
  refer: (name: string) => void,
): JsonSchema {
  const schema = nodeSchema(field.node, dialect, refer)
  const beside: JsonSchema = {}
  const description = descriptionOf(owner.name, field.name)
  if (description) beside.description = description
  const fallback = defaultOf(field)
  if (fallback !== undefined && dialect.version === 3) beside.default = fallback
  if (field.patchStrategy) beside['x-kubernetes-patch-strategy'] = field.patchStrategy.join(',')
  const mapType = mapTypeOf(field.node)
  if (mapType) beside['x-kubernetes-map-type'] = mapType
  if (field.patchMergeKey) beside['x-kubernetes-patch-merge-key'] = field.patchMergeKey
  // In version 3 a reference stands alone, and what is said beside it needs an envelope.
  return schema.$ref !== undefined && dialect.version === 3
    ? { allOf: [schema], ...beside }
    : { ...schema, ...beside }
}

/** Where a field says otherwise than its struct. */
function mapTypeOf(node: SchemaNode): 'atomic' | 'granular' | undefined {
  if (node.kind !== 'struct' || !node.name || schemaOf(node.name).atomic === node.atomic) return undefined
  return node.atomic ? 'atomic' : 'granular'
}

/** Static defaults, and the zero values of what is always there. */
function defaultOf(field: FieldNode): Json | undefined {
  if (field.default !== undefined) return field.default
  if (field.pointer) return undefined
  if (field.node.kind === 'struct') return field.omitZero ? undefined : {}
  if (field.node.kind !== 'scalar' || field.omitEmpty) return undefined
  const zero = zeroScalar(field.node)
  const plain = field.node.type === 'string' || typeof zero === 'boolean' || typeof zero === 'number'
  return plain && field.node.type !== 'intOrString' ? (zero as Json) : undefined
}

function nodeSchema(node: SchemaNode, dialect: Dialect, refer: (name: string) => void): JsonSchema {
  const reference = (name: string): JsonSchema => {
    refer(name)
    return { $ref: dialect.refPrefix + name }
  }
  switch (node.kind) {
    case 'struct':
      return node.name ? reference(node.name) : structSchema(node, dialect, refer)
    case 'list':
      return listSchema(node, dialect, refer)
    case 'map':
      return mapSchema(node, dialect, refer)
    case 'any':
      return node.wire && node.wire !== 'none' ? reference(wellKnown[node.wire]) : {}
    case 'scalar':
      return scalarSchema(node) ?? reference(wellKnown[node.type as keyof typeof wellKnown])
  }
}

function listSchema(node: ListNode, dialect: Dialect, refer: (name: string) => void): JsonSchema {
  const schema: JsonSchema = { type: 'array', items: nodeSchema(node.element, dialect, refer) }
  if (!node.wrapped) schema['x-kubernetes-list-type'] = node.type
  if (node.keys.length > 0) schema['x-kubernetes-list-map-keys'] = [...node.keys]
  return schema
}

function mapSchema(node: MapNode, dialect: Dialect, refer: (name: string) => void): JsonSchema {
  return {
    type: 'object',
    additionalProperties: nodeSchema(node.value, dialect, refer),
    ...(node.atomic && { 'x-kubernetes-map-type': 'atomic' }),
  }
}

function scalarSchema(node: ScalarNode): JsonSchema | undefined {
  switch (node.type) {
    case 'string':
      return node.enum ? { type: 'string', enum: [...node.enum].sort() } : { type: 'string' }
    case 'boolean':
      return { type: 'boolean' }
    case 'int32':
    case 'int64':
      return { type: 'integer', format: node.type }
    case 'double':
      return { type: 'number', format: 'double' }
    case 'bytes':
      return { type: 'string', format: 'byte' }
    default:
      return undefined
  }
}
