import { isJsonObject } from '../json.ts'
import type { SchemaNode, StructNode } from '../schema/schema-node.ts'
import { schemaOf } from '../schema/schemas.ts'

/**
 * Removes the fields that the schema does not know, in place, and returns `unknown field "spec.foo"` for each, in the
 * order of the document. Works along structural schemas: `open` structs keep their unknown fields, embedded resources
 * know apiVersion, kind and metadata. Values of a wrong type are left alone: validation speaks of them.
 */
export function pruneUnknown(node: SchemaNode, value: unknown): string[] {
  const found: string[] = []
  prune(node, value, '', found)
  return found
}

function prune(node: SchemaNode, value: unknown, path: string, found: string[]): void {
  switch (node.kind) {
    case 'list':
      if (Array.isArray(value)) {
        for (const [index, element] of value.entries())
          prune(node.element, element, `${path}[${index}]`, found)
      }
      return
    case 'map':
      if (isJsonObject(value)) {
        for (const key of Object.keys(value)) prune(node.value, value[key], join(path, key), found)
      }
      return
    case 'struct':
      if (isJsonObject(value)) pruneStruct(node, value, path, found)
  }
}

function pruneStruct(node: StructNode, value: Record<string, unknown>, path: string, found: string[]): void {
  for (const key of Object.keys(value)) {
    const field = node.fields.get(key)
    if (node.embeddedResource && isResourceField(key)) {
      if (key === 'metadata') prune(objectMeta(), value[key], join(path, key), found)
    } else if (field) prune(field.node, value[key], join(path, key), found)
    else if (!node.open) {
      delete value[key]
      found.push(`unknown field ${JSON.stringify(join(path, key))}`)
    }
  }
}

function isResourceField(key: string): boolean {
  return key === 'apiVersion' || key === 'kind' || key === 'metadata'
}

function objectMeta(): StructNode {
  return schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')
}

function join(path: string, key: string): string {
  return path ? `${path}.${key}` : key
}
