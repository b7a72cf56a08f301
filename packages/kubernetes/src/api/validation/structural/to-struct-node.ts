import type { Json } from '../../kube-object.ts'
import type { FieldNode, SchemaNode, StructNode } from '../../schema/schema-node.ts'
import { schemaOf } from '../../schema/schemas.ts'
import type { JSONSchemaProps } from '../../types/apiextensions-v1.ts'

const anything: SchemaNode = { kind: 'any' }
const text: SchemaNode = { kind: 'scalar', type: 'string' }

/** The shape of a custom resource, for pruning, patching and field ownership. Without a schema everything is kept. */
export function toStructNode(schema: JSONSchemaProps | undefined): StructNode {
  const own = schema ? toNode(schema) : undefined
  const fields = new Map(own?.kind === 'struct' ? own.fields : undefined)
  fields.set('apiVersion', fieldOf('apiVersion', text))
  fields.set('kind', fieldOf('kind', text))
  fields.set('metadata', fieldOf('metadata', schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')))
  const open = own?.kind === 'struct' ? own.open : true
  return { kind: 'struct', fields, atomic: false, open }
}

function toNode(schema: JSONSchemaProps): SchemaNode {
  if (schema['x-kubernetes-int-or-string']) return { kind: 'scalar', type: 'intOrString' }
  switch (schema.type) {
    case 'object':
      return objectNode(schema)
    case 'array': {
      const type = schema['x-kubernetes-list-type']
      return {
        kind: 'list',
        element: schema.items ? toNode(schema.items as JSONSchemaProps) : anything,
        // Lists of custom resources are atomic unless they say otherwise.
        type: type === 'set' || type === 'map' ? type : 'atomic',
        keys: schema['x-kubernetes-list-map-keys'] ?? [],
      }
    }
    case 'string':
      return text
    case 'boolean':
      return { kind: 'scalar', type: 'boolean' }
    case 'integer':
      return { kind: 'scalar', type: schema.format === 'int32' ? 'int32' : 'int64' }
    case 'number':
      return { kind: 'scalar', type: 'double' }
    default:
      return anything
  }
}

function objectNode(schema: JSONSchemaProps): SchemaNode {
  const { properties, additionalProperties } = schema
  const atomic = schema['x-kubernetes-map-type'] === 'atomic'
  if (!properties && additionalProperties !== undefined && additionalProperties !== false) {
    const value = additionalProperties === true ? anything : toNode(additionalProperties as JSONSchemaProps)
    return { kind: 'map', value, atomic }
  }
  const required = new Set(schema.required)
  const fields = Object.entries(properties ?? {}).map(([name, property]): [string, FieldNode] => [
    name,
    fieldOf(name, toNode(property), property, required.has(name)),
  ])
  return {
    kind: 'struct',
    fields: new Map(fields),
    atomic,
    open: schema['x-kubernetes-preserve-unknown-fields'] === true,
    ...(schema['x-kubernetes-embedded-resource'] && { embeddedResource: true }),
  }
}

function fieldOf(name: string, node: SchemaNode, schema?: JSONSchemaProps, required = false): FieldNode {
  return {
    name,
    node,
    required,
    nullable: schema?.nullable ?? false,
    omitEmpty: false,
    ...(schema?.default !== undefined && { default: schema.default as Json }),
  }
}
