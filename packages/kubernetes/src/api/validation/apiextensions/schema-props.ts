import { deepEqual, isJsonObject } from '../../json.ts'
import { pruneUnknown } from '../../structure/prune-unknown.ts'
import type { JSONSchemaProps } from '../../types/apiextensions-v1.ts'
import { Field } from '../field.ts'
import { ruleProblems } from '../structural/rule-problems.ts'
import { structuralProblems } from '../structural/structural-problems.ts'
import { toStructNode } from '../structural/to-struct-node.ts'
import { validateValue } from '../structural/validate-value.ts'

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const withStatus = new Set([
  'description',
  'type',
  'format',
  'title',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'uniqueItems',
  'multipleOf',
  'required',
  'items',
  'properties',
  'externalDocs',
  'example',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
])
const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
/** Parts of JSON schemas that mean nothing here. */
const unsupported = [
  'id',
  'additionalItems',
  'patternProperties',
  'definitions',
  'dependencies',
  '$ref',
] as const

/** What a definition's schema has against it. `field` is that of the schema. */
export function validateSchemaProps(schema: JSONSchemaProps, statusEnabled: boolean, field: Field): void {
  if (statusEnabled) {
    const stray = Object.keys(schema).find((name) => !withStatus.has(name))
    if (schema.type && schema.type !== 'object') {
      field
        .at('type')
        .invalid(
          schema.type,
          'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
        )
    } else if (stray) {
      const allowed = [...withStatus].filter((name) => name !== 'type').join(' ')
      field.invalid(
        schema,
        `only [${allowed}] fields are allowed at the root of the schema if the status subresource is enabled`,
      )
    }
  }
  if (schema.nullable) field.at('nullable').forbidden('nullable cannot be true at the root')
  const before = field.causes.length
  structuralProblems(schema, field)
  if (field.causes.length === before) checkDefaults(schema, field)
  checkNode(schema, field)
  if (field.causes.length === before) ruleProblems(schema, field)
}

function checkNode(schema: JSONSchemaProps, field: Field): void {
  const { type, items, properties, additionalProperties } = schema
  if (type === 'null') {
    field.at('type').forbidden('type cannot be set to null, use nullable as an alternative')
  } else if (type && !types.includes(type)) field.at('type').notSupported(type, types)
  if (schema.uniqueItems) {
    field
      .at('uniqueItems')
      .forbidden('uniqueItems cannot be set to true since the runtime complexity becomes quadratic')
  }
  for (const name of unsupported) if (schema[name]) field.at(name).forbidden(`${name} is not supported`)
  if (Array.isArray(items)) field.at('items').forbidden('items must be a schema object and not an array')
  if (additionalProperties === false) {
    field.at('additionalProperties').forbidden('additionalProperties cannot be set to false')
  } else if (additionalProperties !== undefined && Object.keys(properties ?? {}).length > 0) {
    field.at('additionalProperties').forbidden('additionalProperties and properties are mutual exclusive')
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    field.at('x-kubernetes-preserve-unknown-fields').invalid(false, 'must be true or undefined')
  }
  checkMapType(schema, field)
  checkListType(schema, field)
  checkRules(schema, field)
  for (const key in properties) checkNode(properties[key]!, field.at('properties').key(key))
  if (isJsonObject(additionalProperties)) {
    checkNode(additionalProperties as JSONSchemaProps, field.at('additionalProperties'))
  }
  if (isJsonObject(items)) checkNode(items as JSONSchemaProps, field.at('items'))
}

function checkMapType(schema: JSONSchemaProps, field: Field): void {
  const mapType = schema['x-kubernetes-map-type']
  if (mapType === undefined) return
  const why = 'must be object if x-kubernetes-map-type is specified'
  if (!schema.type) field.at('type').required(why)
  else if (schema.type !== 'object') field.at('type').invalid(schema.type, why)
  if (mapType !== 'atomic' && mapType !== 'granular') {
    field.at('x-kubernetes-map-type').notSupported(mapType, ['atomic', 'granular'])
  }
}

function checkListType(schema: JSONSchemaProps, field: Field): void {
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const items = isJsonObject(schema.items) ? (schema.items as JSONSchemaProps) : undefined
  const at = field.at('x-kubernetes-list-type')
  if (listType !== undefined) {
    const why = 'must be array if x-kubernetes-list-type is specified'
    if (!schema.type) field.at('type').required(why)
    else if (schema.type !== 'array') field.at('type').invalid(schema.type, why)
    if (!['atomic', 'set', 'map'].includes(listType)) at.notSupported(listType, ['atomic', 'set', 'map'])
  }
  if (listType === 'set' && items) {
    const why = 'must be atomic as item of a list with x-kubernetes-list-type=set'
    const inner = items['x-kubernetes-list-type']
    if (items.type === 'array' && inner !== undefined && inner !== 'atomic') {
      field.at('items', 'x-kubernetes-list-type').invalid(inner, why)
    }
    if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
      field.at('items', 'x-kubernetes-map-type').invalid(items['x-kubernetes-map-type'] ?? null, why)
    }
  }
  if (keys.length > 0 && listType !== 'map') {
    const why = 'must be map if x-kubernetes-list-map-keys is non-empty'
    if (listType === undefined) at.required(why)
    else at.invalid(listType, why)
  }
  if (listType === 'set' || listType === 'map') {
    if (items?.nullable) {
      field.at('items', 'nullable').forbidden(`cannot be nullable when x-kubernetes-list-type is ${listType}`)
    }
  }
  if (listType === 'map') checkMapKeys(keys, items, field)
}

function checkMapKeys(keys: readonly string[], items: JSONSchemaProps | undefined, field: Field): void {
  const at = field.at('x-kubernetes-list-map-keys')
  if (keys.length === 0) at.required('must not be empty if x-kubernetes-list-type is map')
  if (!items) {
    field.at('items').required('must have a schema if x-kubernetes-list-type is map')
    return
  }
  if (items.type !== 'object') {
    field
      .at('items', 'type')
      .invalid(items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map")
  }
  for (const key of keys) {
    const property = items.properties?.[key]
    const inside = field.at('items', 'properties').key(key)
    if (!property) {
      at.invalid(keys, 'entries must all be names of item properties')
      continue
    }
    if (property.type === 'array' || property.type === 'object') {
      inside
        .at('type')
        .invalid(items.type ?? '', "must be a scalar type if parent array's x-kubernetes-list-type is map")
    }
    if (property.default === undefined && !items.required?.includes(key)) {
      inside
        .at('default')
        .required(
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        )
    }
    if (property.nullable) {
      inside
        .at('nullable')
        .forbidden('this property is in x-kubernetes-list-map-keys, so it cannot be nullable')
    }
  }
  if (new Set(keys).size !== keys.length) at.invalid(keys, 'must not contain duplicate entries')
}

function checkRules(schema: JSONSchemaProps, field: Field): void {
  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    const at = field.at('x-kubernetes-validations').index(index)
    const hasBreaks = (text: string | undefined): boolean => /[\r\n]/.test((text ?? '').trim())
    if (!rule.rule?.trim()) at.at('rule').required('rule is not specified')
    else if (rule.message !== undefined && !rule.message.trim()) {
      at.at('message').invalid(rule.message, 'must be non-empty if specified')
    } else if (hasBreaks(rule.message)) at.at('message').invalid(rule.message, 'must not contain line breaks')
    else if (hasBreaks(rule.rule) && !rule.message && !rule.messageExpression) {
      at.at('message').required('message must be specified if rule contains line breaks')
    }
    if (rule.messageExpression !== undefined && !rule.messageExpression.trim()) {
      at.at('messageExpression').required('messageExpression must be non-empty if specified')
    }
    if (rule.reason !== undefined && !reasons.includes(rule.reason))
      at.at('reason').notSupported(rule.reason, reasons)
    if (rule.fieldPath !== undefined && !rule.fieldPath.trim()) {
      at.at('fieldPath').invalid(rule.fieldPath, 'must be non-empty if specified')
    }
  }
}

/** Defaults have to be valid, and of known fields only. */
function checkDefaults(schema: JSONSchemaProps, field: Field): void {
  if (schema.default !== undefined) {
    const at = field.at('default')
    const kept = structuredClone({ value: schema.default })
    pruneUnknown(toStructNode({ type: 'object', properties: { value: schema } }), kept)
    if (!deepEqual(kept.value, schema.default)) {
      at.invalid(schema.default, 'must not have unknown fields')
    }
    const causes = new Field([])
    validateValue(schema, schema.default, undefined, causes)
    for (const cause of causes.causes) {
      at.causes.push({ ...cause, field: cause.field === '<nil>' ? at.path : `${at.path}.${cause.field}` })
    }
  }
  for (const key in schema.properties) checkDefaults(schema.properties[key]!, field.at('properties').key(key))
  if (isJsonObject(schema.items)) checkDefaults(schema.items as JSONSchemaProps, field.at('items'))
  if (isJsonObject(schema.additionalProperties)) {
    checkDefaults(schema.additionalProperties as JSONSchemaProps, field.at('additionalProperties'))
  }
}
