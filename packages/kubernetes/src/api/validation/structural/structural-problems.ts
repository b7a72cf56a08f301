import { deepEqual, isJsonObject } from '../../json.ts'
import type { JSONSchemaProps } from '../../types/apiextensions-v1.ts'
import type { Field } from '../field.ts'
import { goRegExp } from './go-regexp.ts'

type Level = 'root' | 'item' | 'field'

const emptyType = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}
const intOrString = [{ type: 'integer' }, { type: 'string' }]

/**
 * What keeps a schema from being structural: every field has one type, value validations only narrow what is specified
 * outside of them, metadata is left to Kubernetes (apiextensions' schema/validation.go).
 */
export function structuralProblems(schema: JSONSchemaProps, field: Field): void {
  invariants(schema, 'root', field)
  completeness(schema, field)
}

function invariants(schema: JSONSchemaProps, level: Level, field: Field): void {
  const { type, items, properties = {}, additionalProperties } = schema
  const embedded = schema['x-kubernetes-embedded-resource'] ?? false
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] ?? false
  const either = schema['x-kubernetes-int-or-string'] ?? false
  if (type === 'array' && !items) field.at('items').required('must be specified')
  if (isJsonObject(items)) invariants(items as JSONSchemaProps, 'item', field.at('items'))
  for (const key in properties) invariants(properties[key]!, 'field', field.at('properties').key(key))
  if (additionalProperties !== undefined) {
    if (level === 'root') field.at('additionalProperties').forbidden('must not be used at the root')
    if (isJsonObject(additionalProperties)) {
      invariants(additionalProperties as JSONSchemaProps, 'field', field.at('additionalProperties'))
    }
  }
  if (either && preserves) {
    field
      .at('x-kubernetes-preserve-unknown-fields')
      .invalid(preserves, 'must be false if x-kubernetes-int-or-string is true')
  }
  if (either && embedded) {
    field
      .at('x-kubernetes-embedded-resource')
      .invalid(embedded, 'must be false if x-kubernetes-int-or-string is true')
  }
  valueValidation(schema, level, field)
  if (embedded && type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true'
    if (type) field.at('type').invalid(type, why)
    else field.at('type').required(why)
  } else if (!type && !either && !preserves) field.at('type').required(emptyType[level])
  if (embedded && additionalProperties !== undefined) {
    field.at('additionalProperties').forbidden('must not be used if x-kubernetes-embedded-resource is set')
  }
  if (level === 'root' && type && type !== 'object')
    field.at('type').invalid(type, 'must be object at the root')
  if (level === 'root' || embedded) objectFields(properties, level, field.at('properties'))
  if (embedded && !preserves && Object.keys(properties).length === 0) {
    field
      .at('properties')
      .required(
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      )
  }
}

/** apiVersion, kind and metadata of an object are Kubernetes' own. */
function objectFields(properties: Record<string, JSONSchemaProps>, level: Level, field: Field): void {
  for (const name of ['kind', 'apiVersion']) {
    const own = properties[name]
    if (own && own.type !== 'string')
      field
        .key(name)
        .at('type')
        .invalid(own.type ?? '', 'must be string')
  }
  const { metadata } = properties
  if (!metadata) return
  if (metadata.type !== 'object')
    field
      .key('metadata')
      .at('type')
      .invalid(metadata.type ?? '', 'must be object')
  const { type: _type, properties: own = {}, description: _text, ...rest } = metadata
  const onlyNames = Object.keys(own).every((name) => name === 'name' || name === 'generateName')
  if (level === 'root' && (!onlyNames || Object.keys(rest).length > 0)) {
    field
      .key('metadata')
      .forbidden(
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      )
  }
}

function valueValidation(schema: JSONSchemaProps, level: Level, field: Field): void {
  const either = schema['x-kubernetes-int-or-string'] ?? false
  const anyOfIsTypes = either && deepEqual(schema.anyOf, intOrString)
  const firstIsTypes = either && deepEqual(schema.allOf?.[0]?.anyOf, intOrString)
  if (!anyOfIsTypes) alternatives(schema.anyOf, 'anyOf', level, field)
  for (const [index, each] of (schema.allOf ?? []).entries()) {
    nested(each, index === 0 && firstIsTypes, level, field.at('allOf').index(index))
  }
  alternatives(schema.oneOf, 'oneOf', level, field)
  if (schema.not) nested(schema.not, false, level, field.at('not'))
  if (schema.pattern && !goRegExp(schema.pattern)) {
    field
      .at('pattern')
      .invalid(schema.pattern, "must be a valid regular expression, but isn't: error parsing regexp")
  }
}

function alternatives(list: JSONSchemaProps[] | undefined, name: string, level: Level, field: Field): void {
  for (const [index, each] of (list ?? []).entries()) nested(each, false, level, field.at(name).index(index))
}

/** Under a junctor only values may be restricted, nothing about the shape said. */
function nested(schema: JSONSchemaProps, anyOfIsTypes: boolean, level: Level, field: Field): void {
  valueValidation(anyOfIsTypes ? { ...schema, anyOf: [] } : schema, level, field)
  if (isJsonObject(schema.items)) nested(schema.items as JSONSchemaProps, false, level, field.at('items'))
  for (const key in schema.properties) {
    nested(schema.properties[key]!, false, 'field', field.at('properties').key(key))
  }
  const forbidden = (name: keyof JSONSchemaProps, why: string, set: boolean): void => {
    if (set) field.at(name).forbidden(why)
  }
  const undefinedWhy = 'must be undefined to be structural'
  forbidden('type', 'must be empty to be structural', !!schema.type)
  forbidden('additionalProperties', undefinedWhy, schema.additionalProperties !== undefined)
  forbidden('default', undefinedWhy, schema.default !== undefined)
  forbidden('title', 'must be empty to be structural', !!schema.title)
  forbidden('description', 'must be empty to be structural', !!schema.description)
  forbidden('nullable', 'must be false to be structural', schema.nullable === true)
  for (const name of [
    'x-kubernetes-preserve-unknown-fields',
    'x-kubernetes-embedded-resource',
    'x-kubernetes-int-or-string',
  ] as const) {
    forbidden(name, 'must be false to be structural', schema[name] === true)
  }
  forbidden(
    'x-kubernetes-list-map-keys',
    'must be empty to be structural',
    !!schema['x-kubernetes-list-map-keys']?.length,
  )
  forbidden('x-kubernetes-list-type', undefinedWhy, schema['x-kubernetes-list-type'] !== undefined)
  forbidden('x-kubernetes-map-type', undefinedWhy, schema['x-kubernetes-map-type'] !== undefined)
  forbidden(
    'x-kubernetes-validations',
    'must be empty to be structural',
    !!schema['x-kubernetes-validations']?.length,
  )
  const { metadata } = schema.properties ?? {}
  if (metadata && level === 'root') {
    field.at('properties').key('metadata').forbidden('must not be specified in a nested context')
  }
}

/** Every field that a value validation speaks of is specified outside of it too. */
function completeness(schema: JSONSchemaProps, field: Field): void {
  for (const [name, list] of [
    ['allOf', schema.allOf],
    ['anyOf', schema.anyOf],
    ['oneOf', schema.oneOf],
    ['not', schema.not && [schema.not]],
  ] as const) {
    for (const [index, each] of (list ?? []).entries()) {
      const at = name === 'not' ? field.at(name) : field.at(name).index(index)
      skeleton(each, schema, at, field)
    }
  }
  for (const key in schema.properties) completeness(schema.properties[key]!, field.at('properties').key(key))
  if (isJsonObject(schema.items)) completeness(schema.items as JSONSchemaProps, field.at('items'))
  if (isJsonObject(schema.additionalProperties)) {
    completeness(schema.additionalProperties as JSONSchemaProps, field.at('additionalProperties'))
  }
}

function skeleton(nestedSchema: JSONSchemaProps, outside: JSONSchemaProps, at: Field, field: Field): void {
  if (isJsonObject(nestedSchema.items)) {
    if (isJsonObject(outside.items)) {
      skeleton(
        nestedSchema.items as JSONSchemaProps,
        outside.items as JSONSchemaProps,
        at.at('items'),
        field.at('items'),
      )
    } else field.at('items').required(`because it is defined in ${at.at('items').path}`)
  }
  for (const key in nestedSchema.properties) {
    const inside = at.at('properties').key(key)
    const known = outside.properties?.[key]
    if (known) skeleton(nestedSchema.properties[key]!, known, inside, field.at('properties').key(key))
    else field.at('properties').key(key).required(`because it is defined in ${inside.path}`)
  }
  for (const list of [nestedSchema.allOf, nestedSchema.anyOf, nestedSchema.oneOf]) {
    for (const each of list ?? []) skeleton(each, outside, at, field)
  }
  if (nestedSchema.not) skeleton(nestedSchema.not, outside, at.at('not'), field)
}
