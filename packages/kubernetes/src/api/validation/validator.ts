import type { Field } from './field.ts'

/**
 * Rules of a kind beyond its metadata. `field` is the root of the object. What `update` has to look at of the new object
 * itself it calls for itself: upstream checks some kinds in full at every update, others only for what changed.
 */
export interface Validator<T> {
  create(object: T, field: Field): void
  /** `subresource` is '' for the resource itself. */
  update(next: T, old: T, subresource: string, field: Field): void
}
