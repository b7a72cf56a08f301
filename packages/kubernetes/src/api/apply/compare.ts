import { deepEqual, isJsonObject, type JsonObject } from '../json.ts'
import type { ListNode, SchemaNode } from '../schema/schema-node.ts'
import { FieldSetBuilder, type FieldsV1, isEmptySet, noFields } from './field-set.ts'
import { absentValue, childOf, indexList, shapeOf } from './shape.ts'

/** Which fields differ between two states of an object. */
export interface Comparison {
  removed: FieldsV1
  modified: FieldsV1
  added: FieldsV1
}

/** Compares along the schema. Parts that both objects share are not looked at. */
export function compare(left: unknown, right: unknown, node: SchemaNode): Comparison {
  const walk = new Walk()
  walk.compare(left, right, node)
  return { removed: walk.removed.set, modified: walk.modified.set, added: walk.added.set }
}

export function isSame(comparison: Comparison): boolean {
  return isEmptySet(comparison.removed) && isEmptySet(comparison.modified) && isEmptySet(comparison.added)
}

export const noDifference: Comparison = { removed: noFields, modified: noFields, added: noFields }

class Walk {
  readonly removed = new FieldSetBuilder()
  readonly modified = new FieldSetBuilder()
  readonly added = new FieldSetBuilder()
  private readonly path: string[] = []

  /** `undefined` is absence; null is a value. */
  compare(left: unknown, right: unknown, node: SchemaNode): void {
    if (left === right) return
    const leftShape = shapeOf(node, left)
    const rightShape = shapeOf(node, right)
    if (right === undefined || right === null) this.descend(leftShape, left, right, node)
    else if (left === undefined || left === null || leftShape === rightShape)
      this.descend(rightShape, left, right, node)
    else {
      // A free-form value changed its kind: what was below it is gone, and it is new as a whole.
      this.parts(leftShape, left, undefined, node)
      this.parts(rightShape, undefined, right, node)
      this.modified.insert(this.path)
    }
  }

  private descend(shape: 'leaf' | 'fields' | 'list', left: unknown, right: unknown, node: SchemaNode): void {
    // Empty and absent differ as wholes.
    const isLeaf = shape === 'leaf' || (isEmpty(left) && isEmpty(right))
    if (!isLeaf) this.parts(shape, left, right, node)
    if (left === undefined) this.added.insert(this.path)
    else if (right === undefined) this.removed.insert(this.path)
    else if (isLeaf && !deepEqual(left, right)) this.modified.insert(this.path)
  }

  private parts(shape: 'leaf' | 'fields' | 'list', left: unknown, right: unknown, node: SchemaNode): void {
    if (shape === 'fields')
      this.fields(isJsonObject(left) ? left : undefined, isJsonObject(right) ? right : undefined, node)
    else if (shape === 'list')
      this.list(Array.isArray(left) ? left : [], Array.isArray(right) ? right : [], node as ListNode)
  }

  private fields(left: JsonObject | undefined, right: JsonObject | undefined, node: SchemaNode): void {
    for (const key in left) this.field(key, left, right, node)
    for (const key in right) if (left?.[key] === undefined) this.field(key, left, right, node)
  }

  private field(
    key: string,
    left: JsonObject | undefined,
    right: JsonObject | undefined,
    node: SchemaNode,
  ): void {
    let a = left?.[key]
    let b = right?.[key]
    if (a === b) return
    if (node.kind === 'struct' && left && right) {
      if (a === undefined) a = absentValue(node.fields.get(key))
      if (b === undefined) b = absentValue(node.fields.get(key))
    }
    this.path.push(`f:${key}`)
    this.compare(a, b, childOf(node, key))
    this.path.pop()
  }

  private list(left: readonly unknown[], right: readonly unknown[], node: ListNode): void {
    const lefts = indexList(node, left)
    const rights = indexList(node, right)
    for (const [element, items] of lefts) this.items(element, items, rights.get(element) ?? [], node)
    for (const [element, items] of rights) if (!lefts.has(element)) this.items(element, [], items, node)
  }

  /** Elements of one identity: one each as a rule; several are taken as a whole. */
  private items(element: string, left: unknown[], right: unknown[], node: ListNode): void {
    this.path.push(element)
    if (left.length < 2 && right.length < 2) this.compare(left[0], right[0], node.element)
    else if (left.length >= 2 && right.length >= 2) {
      if (!deepEqual(left, right)) this.modified.insert(this.path)
    } else if (left.length >= 2) {
      if (right.length > 0) this.compare(undefined, right[0], node.element)
      this.removed.insert(this.path)
    } else {
      if (left.length > 0) this.compare(left[0], undefined, node.element)
      this.added.insert(this.path)
    }
    this.path.pop()
  }
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (Array.isArray(value)) return value.length === 0
  if (typeof value !== 'object') return false
  for (const key in value) if ((value as JsonObject)[key] !== undefined) return false
  return true
}
