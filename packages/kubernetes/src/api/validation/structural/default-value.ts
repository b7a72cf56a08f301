import { cloneJson, isJsonObject } from '../../json.ts'
import type { JSONSchemaProps } from '../../types/apiextensions-v1.ts'

/**
 * A value of a custom resource with its schema's defaults, and without nulls that a default stands in for. Shares what
 * did not change with the argument, which stays as it is; the very same value when nothing is missing.
 */
export function withDefaults<T>(schema: JSONSchemaProps, value: T): T {
  return fill(schema, value) as T
}

/** Is there a default anywhere? Without one, values need not be looked through. */
export function hasDefaults(schema: JSONSchemaProps | undefined): boolean {
  if (!schema) return false
  const { properties = {}, additionalProperties, items } = schema
  return (
    schema.default !== undefined ||
    Object.values(properties).some(hasDefaults) ||
    (typeof additionalProperties === 'object' && hasDefaults(additionalProperties as JSONSchemaProps)) ||
    (isJsonObject(items) && hasDefaults(items as JSONSchemaProps))
  )
}

function fill(schema: JSONSchemaProps, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema
    if (!isJsonObject(items)) return value
    return same(
      value,
      value.map((element) => fill(items as JSONSchemaProps, element)),
    )
  }
  if (!isJsonObject(value)) return value
  const { properties = {}, additionalProperties } = schema
  let result = value
  const set = (key: string, next: unknown): void => {
    if (result === value) result = { ...value }
    result[key] = next
  }
  for (const key in properties) {
    const property = properties[key]!
    const given = value[key]
    const lacking = given === undefined || (given === null && !property.nullable)
    if (lacking && property.default !== undefined) set(key, fill(property, cloneJson(property.default)))
    else if (given !== undefined && given !== null) {
      const next = fill(property, given)
      if (next !== given) set(key, next)
    }
  }
  if (typeof additionalProperties === 'object') {
    for (const key of Object.keys(value)) {
      if (key in properties) continue
      const next = fill(additionalProperties as JSONSchemaProps, value[key])
      if (next !== value[key]) set(key, next)
    }
  }
  return result
}

function same(old: unknown[], next: unknown[]): unknown[] {
  return next.every((element, index) => element === old[index]) ? old : next
}
