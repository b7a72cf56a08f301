import { type CelType, string } from '../../cel/cel-type.ts'
import { escapeField } from '../../cel/field-names.ts'
import { isJsonObject } from '../../json.ts'
import type { JSONSchemaProps } from '../../types/apiextensions-v1.ts'

/** A type, and the least that a value of it takes as JSON: so many fit into one request. */
export interface DeclaredType {
  type: CelType
  minSize: number
}

/** The largest request, in bytes. */
export const largestRequest = 3 * 1024 * 1024
const emptyString = 2
/** RFC 3339 with nanoseconds and quotes, or as much for durations. */
const longestTime = 32
const dateLength = 12
const anyText = largestRequest - 2

/**
 * What rules see of values of a schema, by upstream's `SchemaDeclType`; undefined for what they cannot see. `name` sets
 * types of objects apart. Of resources, names are known even where the schema does not say so.
 */
export function declaredType(
  schema: JSONSchemaProps,
  isResource: boolean,
  name: string,
): DeclaredType | undefined {
  if (schema['x-kubernetes-int-or-string'])
    return {
      type: { kind: 'dyn', most: schema.maxLength === undefined ? anyText : 4 * schema.maxLength },
      minSize: 1,
    }
  switch (schema.type) {
    case 'array':
      return listType(schema, name)
    case 'object':
      return objectOrMap(schema, isResource, name)
    case 'string':
      return textType(schema)
    case 'boolean':
      return { type: { kind: 'bool' }, minSize: 4 }
    case 'number':
      return { type: { kind: 'double' }, minSize: 1 }
    case 'integer':
      return { type: { kind: 'int' }, minSize: 1 }
    default:
      return undefined
  }
}

function declaredPart(schema: JSONSchemaProps, name: string): DeclaredType | undefined {
  return declaredType(schema, schema['x-kubernetes-embedded-resource'] ?? false, name)
}

function listType(schema: JSONSchemaProps, name: string): DeclaredType | undefined {
  if (!isJsonObject(schema.items)) return undefined
  const element = declaredPart(schema.items as JSONSchemaProps, `${name}.@idx`)
  if (!element) return undefined
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys']
  return {
    type: {
      kind: 'list',
      element: element.type,
      most: schema.maxItems ?? Math.floor((largestRequest - 2) / (element.minSize + 1)),
      ...((listType === 'set' || listType === 'map') && { listType }),
      ...(keys && { keys }),
    },
    minSize: 2,
  }
}

function objectOrMap(schema: JSONSchemaProps, isResource: boolean, name: string): DeclaredType | undefined {
  const { additionalProperties, required = [] } = schema
  if (isJsonObject(additionalProperties)) {
    const value = declaredPart(additionalProperties as JSONSchemaProps, `${name}.@elem`)
    if (!value) return undefined
    const most = schema.maxProperties ?? Math.floor((largestRequest - 2) / (value.minSize + 6))
    return { type: { kind: 'map', key: string, value: value.type, most }, minSize: 2 }
  }
  const fields = new Map<string, CelType>()
  let minSize = 2
  for (const [key, property] of Object.entries(propertiesOf(schema, isResource))) {
    const part = declaredPart(property, `${name}.${key}`)
    if (!part) continue
    const escaped = escapeField(key)
    if (escaped !== undefined) fields.set(escaped, part.type)
    if (required.includes(key) && property.default === undefined) minSize += key.length + part.minSize + 4
  }
  return { type: { kind: 'object', name, fields }, minSize }
}

const text: JSONSchemaProps = { type: 'string' }
const nameable: JSONSchemaProps = { type: 'object', properties: { name: text, generateName: text } }

export function propertiesOf(schema: JSONSchemaProps, isResource: boolean): Record<string, JSONSchemaProps> {
  const properties = schema.properties ?? {}
  return isResource ? { ...properties, kind: text, apiVersion: text, metadata: nameable } : properties
}

function textType({ format, maxLength, enum: values }: JSONSchemaProps): DeclaredType {
  switch (format) {
    case 'byte':
      return { type: { kind: 'bytes', most: maxLength ?? anyText }, minSize: emptyString }
    case 'duration':
      return { type: { kind: 'duration', most: longestTime }, minSize: 3 }
    case 'date':
      return { type: { kind: 'timestamp', most: dateLength }, minSize: dateLength }
    case 'date-time':
      return { type: { kind: 'timestamp', most: longestTime }, minSize: 21 }
  }
  const longest = Math.max(
    0,
    ...(values ?? []).map((value) => (typeof value === 'string' ? value.length : 0)),
  )
  const most = maxLength !== undefined ? 4 * maxLength : values?.length ? longest : anyText
  return { type: { kind: 'string', most }, minSize: emptyString }
}
