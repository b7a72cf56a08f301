import { mergeTyped } from '../../../api/apply/merge.ts'
import { typeErrors } from '../../../api/apply/type-errors.ts'
import { isJsonObject } from '../../../api/json.ts'
import type { KubeObject } from '../../../api/kube-object.ts'
import type { SchemaNode, StructNode } from '../../../api/schema/schema-node.ts'

/**
 * What a mutating policy's `applyConfiguration` does to an object: fields merge as in server-side apply, but nobody
 * comes to own them. @throws Error with upstream's words for what cannot be applied
 */
export function applyConfiguration(
  object: KubeObject,
  configuration: object,
  schema: StructNode,
): KubeObject {
  const { apiVersion, kind } = object
  const config = { ...configuration, apiVersion, kind }
  const wrong = typeErrors(config, schema)
  if (wrong) throw new Error(`error applying patch: failed to convert patch object to typed object: ${wrong}`)
  const atomics = atomicsIn(config, schema, '')
  if (atomics.length > 0) {
    throw new Error(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`,
    )
  }
  return mergeTyped(object, config, schema) as KubeObject
}

/** Paths of what would be replaced as a whole: who sets a part of it may not know that the rest goes. */
function atomicsIn(value: unknown, node: SchemaNode, path: string): string[] {
  if (Array.isArray(value) && node.kind === 'list') {
    const own = node.type === 'atomic' ? [path] : []
    return [...own, ...value.flatMap((item, index) => atomicsIn(item, node.element, `${path}[${index}]`))]
  }
  if (!isJsonObject(value) || (node.kind !== 'struct' && node.kind !== 'map')) return []
  const own = node.atomic ? [path] : []
  if (node.kind === 'map') return own
  const inner = Object.entries(value).flatMap(([key, field]) => {
    const child = node.fields.get(key)
    return child ? atomicsIn(field, child.node, `${path}.${key}`) : []
  })
  return [...own, ...inner]
}
