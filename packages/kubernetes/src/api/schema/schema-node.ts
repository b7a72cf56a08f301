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
  /** Named string types of built-in kinds as Go spells them, e.g. `v1.PodPhase`: decoding errors show it. */
  readonly goType?: string
  /** Known values; informative (OpenAPI), validation is elsewhere. */
  readonly enum?: readonly string[]
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
  /** Custom resources: `x-kubernetes-embedded-resource`; apiVersion, kind and metadata are always known. */
  readonly embeddedResource?: boolean
}

export interface FieldNode {
  readonly name: string
  /** May point back to an enclosing struct (JSONSchemaProps): resolve lazily, do not walk the whole graph. */
  readonly node: SchemaNode
  readonly required: boolean
  /** Custom resources: null is a value. In built-in kinds null always means absent. */
  readonly nullable: boolean
  /** Go's `omitempty`: absent from JSON when zero (`false`, 0, '', empty list or map; never structs). */
  readonly omitEmpty: boolean
  /** Go's `omitzero`: a zero struct or time is absent too. */
  readonly omitZero?: boolean
  /** A Go pointer: zero values are kept, absence is apart from zero. */
  readonly pointer?: boolean
  /** Static default (`+default=`), beside the hand-written ones of api/defaults. */
  readonly default?: Json
  /** Field number in the protobuf message; absent where the wire has no such field (apiVersion, kind). */
  readonly number?: number
  /** Numbers of the messages around the field that JSON inlines, outermost first. */
  readonly via?: readonly number[]
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
  /** On the wire the list is a message with the elements as field 1 (`ExtraValue`, `Verbs`). */
  readonly wrapped?: boolean
}

/** Which message carries free-form JSON on the wire. The `schema…` ones are the unions inside JSONSchemaProps. */
export type AnyWire =
  | 'raw'
  | 'fieldsV1'
  | 'json'
  | 'schemaOrArray'
  | 'schemaOrBool'
  | 'schemaOrStrings'
  | 'none'

/** Anything goes: RawExtension, FieldsV1, JSON, `x-kubernetes-preserve-unknown-fields` without a schema. */
export interface AnyNode {
  readonly kind: 'any'
  readonly wire?: AnyWire
}

/**
 * The shape of a value: what pruning, defaulting, patching, server-side apply, codecs and OpenAPI walk along. Built-in
 * kinds come from generated data, custom resources from their structural schemas; both look the same here.
 */
export type SchemaNode = ScalarNode | StructNode | MapNode | ListNode | AnyNode
