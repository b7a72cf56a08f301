import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import type { SchemaNode } from '../../api/schema/schema-node.ts'
import type { BodyShape } from './decode-body.ts'
import type { Target, WriteContext } from './registry.ts'

/** An object shown as one of another kind, read and written in its place: `/scale`. */
export interface ObjectView extends BodyShape {
  readonly schema: SchemaNode
  /** A new object; its managedFields are the parts of the object's that concern the view. */
  fromObject(object: StoredKubeObject): KubeObject
  /** A new object: `current` with what the view says. @throws ApiError Invalid */
  toObject(current: StoredKubeObject, view: KubeObject): KubeObject
}

/** What a POST to a subresource gets, e.g. a Binding, an Eviction, a TokenRequest. */
export interface SubresourceCreate {
  target: Target
  /** In shape and defaulted. */
  object: KubeObject
  context: WriteContext
}

/**
 * How a subresource differs from the object itself. One without a handler is the same object, written through the
 * strategy's say on that subresource (`status`, `finalize`, `approval` …).
 */
export interface SubresourceHandler {
  view?(target: Target): ObjectView
  /** Shape of what is posted. */
  readonly body?: BodyShape
  create?(request: SubresourceCreate): Promise<KubeObject>
}
