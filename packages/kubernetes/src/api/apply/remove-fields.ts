import type { JsonObject } from '../json.ts'
import type { SchemaNode } from '../schema/schema-node.ts'
import { type FieldsV1, hasField } from './field-set.ts'
import { childOf, ElementError, elementOf, shapeOf } from './shape.ts'

/**
 * A value without the fields of a set. What becomes empty stays as an empty object or list, unless Go would leave it out
 * (`omitempty`). Atomic values are not looked into.
 */
export function removeFields(value: unknown, remove: FieldsV1, node: SchemaNode): unknown {
  switch (shapeOf(node, value)) {
    case 'fields':
      return withoutFields(value as JsonObject, remove, node)
    case 'list':
      return withoutElements(value as unknown[], remove, node)
    default:
      return value
  }
}

function withoutFields(object: JsonObject, remove: FieldsV1, node: SchemaNode): JsonObject {
  const result: JsonObject = {}
  for (const key in object) {
    const value = object[key]
    const element = `f:${key}`
    const below = remove[element]
    if (below === undefined) {
      result[key] = value
      continue
    }
    if (hasField(remove, [element])) continue
    const child = childOf(node, key)
    const kept = removeFields(value, below, child)
    const field = node.kind === 'struct' ? node.fields.get(key) : undefined
    if (kept !== value && field?.omitEmpty && child.kind !== 'struct' && isEmpty(kept)) continue
    result[key] = kept
  }
  return result
}

function withoutElements(list: unknown[], remove: FieldsV1, node: SchemaNode): unknown[] {
  if (node.kind !== 'list') return list
  const result: unknown[] = []
  for (const item of list) {
    let element: string
    try {
      element = elementOf(node, item)
    } catch (error) {
      if (!(error instanceof ElementError)) throw error
      result.push(item)
      continue
    }
    const below = remove[element]
    if (below === undefined) result.push(item)
    else if (!hasField(remove, [element])) result.push(removeFields(item, below, node.element))
  }
  return result
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
