import type { ScalarType, SchemaNode } from '../schema/schema-node.ts'

const scalars: Record<ScalarType, string> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  intOrString: 'int32',
  time: 'string',
  microTime: 'string',
  duration: 'string',
}

/** How Go's decoder names a node's type in errors, e.g. `[]v1.Container`. */
export function goTypeOf(node: SchemaNode): string {
  switch (node.kind) {
    case 'scalar':
      return node.goType ?? scalars[node.type]
    case 'struct': {
      const parts = (node.name ?? 'struct').split('.')
      return parts.slice(-2).join('.')
    }
    case 'list':
      return `[]${goTypeOf(node.element)}`
    case 'map':
      return node.value.kind === 'scalar' && node.value.type === 'quantity'
        ? 'v1.ResourceList'
        : `map[string]${goTypeOf(node.value)}`
    case 'any':
      return 'interface {}'
  }
}

/** What Go's decoder calls a JSON value. */
export function goValueKind(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}
