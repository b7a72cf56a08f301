import type { SchemaNode } from '../schema/schema-node.ts'

/** How a strategic merge patch treats a field: `merge`, `replace`, or nothing said (maps merge, lists are replaced). */
export interface PatchField {
  node: SchemaNode | undefined
  strategy: string | undefined
  mergeKey: string | undefined
  retainKeys: boolean
}

const unknownField: PatchField = {
  node: undefined,
  strategy: undefined,
  mergeKey: undefined,
  retainKeys: false,
}

/** What the schema says of `key` inside a value of `node`. */
export function patchFieldOf(node: SchemaNode | undefined, key: string): PatchField {
  if (node?.kind === 'map') return { ...unknownField, node: node.value }
  const field = node?.kind === 'struct' ? node.fields.get(key) : undefined
  if (!field) return unknownField
  return {
    node: field.node,
    strategy: field.patchStrategy?.find((strategy) => strategy !== 'retainKeys'),
    mergeKey: field.patchMergeKey,
    retainKeys: field.patchStrategy?.includes('retainKeys') ?? false,
  }
}
