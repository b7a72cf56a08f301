import { deepEqual, isJsonObject } from '../../json.ts'
import type { JSONSchemaProps } from '../../types/apiextensions-v1.ts'
import type { Field } from '../field.ts'

/** Elements of `set` lists and keys of `map` lists must be unique, wherever in the value the lists are. */
export function validateListUniqueness(schema: JSONSchemaProps, value: unknown, field: Field): void {
  if (Array.isArray(value)) {
    const { items } = schema
    if (schema['x-kubernetes-list-type'] === 'set') complainOfDuplicates(value, (element) => element, field)
    if (schema['x-kubernetes-list-type'] === 'map') {
      const keys = schema['x-kubernetes-list-map-keys'] ?? []
      complainOfDuplicates(value, (element) => keysOf(element, keys), field)
    }
    if (!isJsonObject(items)) return
    for (const [index, element] of value.entries()) {
      validateListUniqueness(items as JSONSchemaProps, element, field.index(index))
    }
    return
  }
  if (!isJsonObject(value)) return
  const { properties = {}, additionalProperties } = schema
  for (const key in value) {
    if (properties[key]) validateListUniqueness(properties[key], value[key], field.at(key))
    else if (isJsonObject(additionalProperties)) {
      validateListUniqueness(additionalProperties as JSONSchemaProps, value[key], field.key(key))
    }
  }
}

function keysOf(element: unknown, keys: readonly string[]): unknown {
  if (!isJsonObject(element)) return element
  return Object.fromEntries(
    keys.filter((key) => element[key] !== undefined).map((key) => [key, element[key]]),
  )
}

function complainOfDuplicates(
  list: readonly unknown[],
  identity: (element: unknown) => unknown,
  field: Field,
): void {
  const identities = list.map(identity)
  for (const [index, each] of identities.entries()) {
    if (identities.slice(0, index).some((other) => deepEqual(each, other))) field.index(index).duplicate(each)
  }
}
