import type { KubeObject, ManagedFieldsEntry } from '../kube-object.ts'
import type { SchemaNode } from '../schema/schema-node.ts'
import { type Comparison, compare } from './compare.ts'
import { difference, type FieldsV1, fieldSetOf, isEmptySet, recursiveDifference, union } from './field-set.ts'
import type { Managers } from './managers.ts'
import { childOf } from './shape.ts'

/** An object in one of its versions. */
export interface Versioned {
  object: KubeObject
  node: SchemaNode
}

/**
 * The object as another API version shows it, for managers that wrote in that version; undefined when the version is
 * no longer served, then the manager is forgotten. Without it versions of one group count as identical.
 */
export type ConvertVersion = (object: KubeObject, apiVersion: string) => Versioned | undefined

/** Bookkeeping fields that nobody owns. */
const unowned = fieldSetOf(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((field) => ['f:metadata', `f:${field}`]),
)

export function ownable(fields: FieldsV1): FieldsV1 {
  return difference(fields, unowned)
}

/** The object without `metadata.managedFields`; shares everything else. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata?.managedFields === undefined) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** The object with these managed fields; the object itself stays as it is. */
export function withManagedFields<T extends KubeObject>(object: T, entries: ManagedFieldsEntry[]): T {
  const { managedFields: _, ...metadata } = object.metadata ?? {}
  return { ...object, metadata: entries.length ? { ...metadata, managedFields: entries } : metadata }
}

/** Compares two states, once per API version that the managers wrote in. */
export class Comparisons {
  private readonly byVersion = new Map<string, Comparison | undefined>()
  private readonly left: KubeObject
  private readonly right: KubeObject
  private readonly convert: ConvertVersion | undefined
  private readonly group: string
  readonly own: Comparison

  constructor(
    left: KubeObject,
    right: KubeObject,
    options: { node: SchemaNode; apiVersion: string; reset: FieldsV1; convert?: ConvertVersion | undefined },
  ) {
    this.left = left
    this.right = right
    this.convert = options.convert
    this.group = groupOf(options.apiVersion)
    const all = compare(left, right, options.node)
    this.own = {
      removed: recursiveDifference(all.removed, options.reset),
      modified: recursiveDifference(all.modified, options.reset),
      added: recursiveDifference(all.added, options.reset),
    }
    this.byVersion.set(options.apiVersion, this.own)
  }

  /** Undefined when the version is not served any more. */
  in(apiVersion: string): Comparison | undefined {
    if (this.byVersion.has(apiVersion)) return this.byVersion.get(apiVersion)
    let result: Comparison | undefined
    if (this.convert) {
      const left = this.convert(this.left, apiVersion)
      const right = this.convert(this.right, apiVersion)
      result = left && right && compare(left.object, right.object, right.node)
    } else if (groupOf(apiVersion) === this.group) result = this.own
    this.byVersion.set(apiVersion, result)
    return result
  }
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}

export function changed(comparison: Comparison): FieldsV1 {
  return union(comparison.modified, comparison.added)
}

/**
 * A set in which every struct field on the way to a member is a member too: removing `a.b` may then remove `a`. Map
 * entries and list elements are members only if they were.
 */
export function withStructFields(fields: FieldsV1, node: SchemaNode): FieldsV1 {
  const result: { [element: string]: FieldsV1 } = {}
  for (const key in fields) {
    const below = fields[key] as FieldsV1
    if (key === '.') {
      result[key] = below
      continue
    }
    const name = key.startsWith('f:') ? key.slice(2) : undefined
    const child =
      name !== undefined
        ? childOf(node, name)
        : node.kind === 'list'
          ? node.element
          : ({ kind: 'any' } as const)
    const inner = withStructFields(below, child)
    const isNamed = name !== undefined && node.kind === 'struct' && node.fields.has(name)
    result[key] = isNamed && !isEmptySet(inner) ? { '.': {}, ...inner } : inner
  }
  return result
}

/** Ownership written under an older schema: who owned parts of what is atomic now owns the whole. */
export function reconcileSchema(managers: Managers, node: SchemaNode): void {
  for (const [key, manager] of managers) {
    const fields = reconcile(manager.fields, node)
    if (fields !== manager.fields) {
      const { entry: _, ...rest } = manager
      managers.set(key, { ...rest, fields })
    }
  }
}

function reconcile(fields: FieldsV1, node: SchemaNode): FieldsV1 {
  let result: { [element: string]: FieldsV1 } | undefined
  for (const key in fields) {
    if (key === '.') continue
    const below = fields[key] as FieldsV1
    if (isEmptySet(below)) continue
    const child = key.startsWith('f:')
      ? childOf(node, key.slice(2))
      : node.kind === 'list'
        ? node.element
        : ({ kind: 'any' } as const)
    const isAtomic =
      child.kind === 'list'
        ? child.type === 'atomic'
        : (child.kind === 'struct' || child.kind === 'map') && child.atomic
    const next = isAtomic ? {} : reconcile(below, child)
    if (next !== below) {
      result ??= { ...fields }
      result[key] = next
    }
  }
  return result ?? fields
}
