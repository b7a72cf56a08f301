import type { Json } from '../kube-object.ts'

/** Scalars of Kubernetes' types by how they look in JSON and protobuf. `quantity`, `intOrString`, `time` and the like are scalars. */
export type ScalarType =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'quantity'
  | 'intOrString'
  | 'time'
  | 'microTime'
  | 'duration'

export interface ScalarNode {
  readonly kind: 'scalar'
  readonly type: ScalarType
}

/** A struct with known fields. `atomic`: server-side apply owns and replaces it whole. */
export interface StructNode {
  readonly kind: 'struct'
  /** e.g. `io.k8s.api.core.v1.Pod`; absent inside custom resources. */
  readonly name?: string
  readonly fields: ReadonlyMap<string, FieldNode>
  readonly atomic: boolean
  /** Custom resources: unknown fields are kept (`x-kubernetes-preserve-unknown-fields`). */
  readonly open: boolean
}

export interface FieldNode {
  readonly name: string
  /** May point back to an enclosing struct (JSONSchemaProps): resolve lazily, do not walk the whole graph. */
  readonly node: SchemaNode
  readonly required: boolean
  readonly nullable: boolean
  /** Go's `omitempty`: absent from JSON when zero. */
  readonly omitEmpty: boolean
  /** Static default (`+default=`), beside the hand-written ones of api/defaults. */
  readonly default?: Json
  /** Field number in the protobuf message. */
  readonly number?: number
  /** Strategic merge patch: `merge`, `replace`, `retainKeys`, from the Go struct tags. */
  readonly patchStrategy?: readonly string[]
  readonly patchMergeKey?: string
}

export interface MapNode {
  readonly kind: 'map'
  readonly value: SchemaNode
  readonly atomic: boolean
}

/** `type` is `x-kubernetes-list-type`; `keys` the map keys. */
export interface ListNode {
  readonly kind: 'list'
  readonly element: SchemaNode
  readonly type: 'atomic' | 'set' | 'map'
  readonly keys: readonly string[]
}

/** Anything goes: RawExtension, FieldsV1, JSON, `x-kubernetes-preserve-unknown-fields` without a schema. */
export interface AnyNode {
  readonly kind: 'any'
}

/**
 * The shape of a value: what pruning, defaulting, patching, server-side apply, codecs and OpenAPI walk along. Built-in
 * kinds come from generated data, custom resources from their structural schemas; both look the same here.
 */
export type SchemaNode = ScalarNode | StructNode | MapNode | ListNode | AnyNode
