import { isJsonObject } from '../json.ts'
import type { SchemaNode } from '../schema/schema-node.ts'
import { FieldSetBuilder, type FieldsV1 } from './field-set.ts'
import { childOf, indexList, shapeOf } from './shape.ts'

/** Every field that a value sets: what applying it owns. */
export function toFieldSet(value: unknown, node: SchemaNode): FieldsV1 {
  const builder = new FieldSetBuilder()
  collect(value, node, [], builder)
  return builder.set
}

function collect(value: unknown, node: SchemaNode, path: string[], into: FieldSetBuilder): void {
  switch (shapeOf(node, value)) {
    case 'fields':
      for (const [key, field] of Object.entries(value as object)) {
        if (field === undefined) continue
        path.push(`f:${key}`)
        collect(field, childOf(node, key), path, into)
        const named = node.kind === 'struct' && node.fields.has(key)
        if (!named || field === null || (isJsonObject(field) && Object.keys(field).length === 0))
          into.insert(path)
        path.pop()
      }
      return
    case 'list':
      if (node.kind !== 'list') return
      for (const [element, items] of indexList(node, value as unknown[])) {
        path.push(element)
        if (items.length === 1) collect(items[0], node.element, path, into)
        into.insert(path)
        path.pop()
      }
      return
    default:
      into.insert(path)
  }
}
