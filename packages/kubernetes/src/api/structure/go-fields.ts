import { isJsonObject, type JsonObject } from '../json.ts'
import type { FieldNode, ScalarNode, ScalarType, SchemaNode, StructNode } from '../schema/schema-node.ts'

/**
 * Whether Go leaves the field out of JSON for that value. omitempty has no effect on structs, nor on the scalars that are
 * structs in Go: `lastProbeTime: null` is written.
 */
export function isOmitted(field: FieldNode, value: unknown): boolean {
  if (value === undefined) return true
  if (field.omitZero && !field.pointer && isZero(field.node, value)) return true
  if (!field.omitEmpty) return false
  if (Array.isArray(value)) return value.length === 0 && field.node.kind !== 'any'
  if (field.node.kind === 'map') return Object.keys(value as object).length === 0
  if (field.node.kind === 'scalar' && !field.pointer && !isGoStruct(field.node)) {
    return value === '' || value === 0 || value === false || value === null
  }
  return false
}

function isGoStruct(node: SchemaNode): boolean {
  return node.kind === 'struct' || (node.kind === 'scalar' && goStructs.has(node.type))
}

const goStructs = new Set<ScalarType>(['quantity', 'intOrString', 'time', 'microTime', 'duration'])

function isZero(node: SchemaNode, value: unknown): boolean {
  if (node.kind === 'scalar') return value === null || value === zeroScalar(node)
  return isJsonObject(value) && Object.keys(value).length === 0
}

const always = new WeakMap<StructNode, readonly FieldNode[]>()

/** Fields that Go writes even when they were never set. */
export function alwaysWritten(struct: StructNode): readonly FieldNode[] {
  let fields = always.get(struct)
  if (!fields) {
    fields = [...struct.fields.values()].filter((field) => {
      if (field.pointer || field.omitZero || field.node.kind === 'any') return false
      return isGoStruct(field.node) || !field.omitEmpty
    })
    always.set(struct, fields)
  }
  return fields
}

/** What Go writes for a value that was never set; absent lists and maps become empty ones (Go writes null). */
export function zeroValue(node: SchemaNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return zeroScalar(node)
    case 'struct': {
      const result: JsonObject = {}
      for (const field of alwaysWritten(node)) result[field.name] = zeroValue(field.node)
      return result
    }
    case 'list':
      return []
    case 'map':
      return {}
    case 'any':
      return null
  }
}

/** What Go writes for a scalar that was never set. */
export function zeroScalar(node: ScalarNode): unknown {
  switch (node.type) {
    case 'string':
      return ''
    case 'boolean':
      return false
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0
    case 'quantity':
      return '0'
    case 'duration':
      return '0s'
    case 'bytes':
    case 'time':
    case 'microTime':
      return null
  }
}
