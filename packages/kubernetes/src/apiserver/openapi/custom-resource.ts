import { isJsonObject } from '../../api/json.ts'
import type { Json } from '../../api/kube-object.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import { descriptionOf } from './descriptions.ts'
import type { Dialect, JsonSchema } from './json-schema.ts'
import type { OpenApiSource } from './open-api-source.ts'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** `com.example.stable.v1.CronTab` for a kind of stable.example.com/v1. */
export function customSchemaName({ group, version }: ResourceInfo, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.')
}

/** The definition's own schema with what every object has. */
export function customSchema(
  resource: ResourceInfo,
  source: OpenApiSource,
  dialect: Dialect,
  refer: (name: string) => void,
): JsonSchema {
  const declared = source.customSchema(resource)
  const own = isJsonObject(declared)
    ? declared
    : { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  // In version 2 any property would make clients refuse all others.
  if (dialect.version === 2 && own['x-kubernetes-preserve-unknown-fields']) {
    return { type: 'object', ...gvkOf(resource, resource.kind) }
  }
  const schema = (dialect.version === 3 ? structuredClone(own) : downgrade(own)) as JsonSchema
  const properties = isJsonObject(schema.properties) ? (schema.properties as JsonSchema) : undefined
  schema.properties = { ...properties, ...objectProperties(dialect, `${meta}.ObjectMeta`, refer) }
  return { ...schema, ...gvkOf(resource, resource.kind) }
}

export function customListSchema(
  resource: ResourceInfo,
  dialect: Dialect,
  refer: (name: string) => void,
): JsonSchema {
  const items: JsonSchema = { $ref: dialect.refPrefix + customSchemaName(resource, resource.kind) }
  return {
    description: `${resource.listKind} is a list of ${resource.kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...objectProperties(dialect, `${meta}.ListMeta`, refer),
      items: { type: 'array', items, description: `List of ${resource.resource}.` },
    },
    ...gvkOf(resource, resource.listKind),
  }
}

function objectProperties(dialect: Dialect, metadata: string, refer: (name: string) => void): JsonSchema {
  refer(metadata)
  const ref: JsonSchema = { $ref: dialect.refPrefix + metadata }
  const describe = (field: string): JsonSchema => ({ description: descriptionOf('', field) ?? '' })
  return {
    apiVersion: { type: 'string', ...describe('apiVersion') },
    kind: { type: 'string', ...describe('kind') },
    metadata:
      dialect.version === 3 ? { allOf: [ref], ...describe('metadata') } : { ...ref, ...describe('metadata') },
  }
}

function gvkOf({ group, version }: ResourceInfo, kind: string): JsonSchema {
  return { 'x-kubernetes-group-version-kind': [{ group, version, kind }] }
}

/** What version 2 cannot say, or what its readers do not expect. */
const onlyInV3 = new Set([
  'nullable',
  'oneOf',
  'anyOf',
  'allOf',
  'not',
  'default',
  'x-kubernetes-validations',
])

/** A schema in version 2: alternatives left out, and open objects without a shape, so that clients do not prune them. */
function downgrade(schema: unknown): Json {
  if (Array.isArray(schema)) return schema.map(downgrade)
  if (!isJsonObject(schema)) return schema as Json
  if (schema['x-kubernetes-int-or-string']) return {}
  if (schema['x-kubernetes-preserve-unknown-fields']) {
    const { description, 'x-kubernetes-preserve-unknown-fields': open } = schema
    return {
      ...(description !== undefined && { description: description as Json }),
      'x-kubernetes-preserve-unknown-fields': open as Json,
    }
  }
  const result: JsonSchema = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (onlyInV3.has(keyword)) continue
    if (keyword === 'properties' && isJsonObject(value)) {
      result.properties = Object.fromEntries(
        Object.entries(value).map(([name, each]) => [name, downgrade(each)]),
      )
    } else
      result[keyword] =
        keyword === 'items' || keyword === 'additionalProperties' ? downgrade(value) : (value as Json)
  }
  // Null is a value of any type there: a nullable one has no type.
  if (schema.nullable === true) delete result.type
  return result
}
