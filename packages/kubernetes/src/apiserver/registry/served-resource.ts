import type { StatusCause } from '../../api/api-error.ts'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import type { StructNode } from '../../api/schema/schema-node.ts'
import type { CustomResourceColumnDefinition } from '../../api/types/apiextensions-v1.ts'
import type { Strategy } from './strategy.ts'

/**
 * One version of a resource as the registry serves it: the data (`info`, `schema`) and the few functions in which kinds
 * differ. Built-in kinds and custom resources both are one of these. Objects are in the served version throughout, and
 * are converted when they come from the store or go there.
 */
export interface ServedResource {
  readonly info: ResourceInfo
  /** Shape of the served version; made when first asked for. */
  readonly schema: StructNode
  readonly strategy: Strategy
  /**
   * A new object of the kind's shape out of what a client sent: unknown fields dropped (and told to `unknown`), scalars in
   * canonical form. @throws DecodeError for values of a wrong type
   */
  conform(value: unknown, unknown?: string[]): KubeObject
  /** Fills in defaults in place. */
  setDefaults(object: KubeObject): void
  validateCreate(object: StoredKubeObject): StatusCause[]
  validateUpdate(next: StoredKubeObject, old: StoredKubeObject, subresource: string): StatusCause[]
  /** Fields that `fieldSelector` may name, metadata.name and (namespaced) metadata.namespace always among them. */
  readonly selectableFields: SelectableFields
  /** Where the objects are kept if not under the resource's own group and name: events.k8s.io shares with core. */
  readonly storedAs?: { group: string; resource: string }
  /** DELETE answers with the object instead of a Status when it is gone. */
  readonly returnsDeleted: boolean
  /** Present when there is nothing in the store; such resources can only be read. */
  readonly computed?: ComputedObjects
  /** Absent when objects are stored as they are served. */
  readonly conversion?: VersionConversion
  /** A warning that every request about a deprecated version gets. */
  readonly deprecation?: string | undefined
  /** Custom resources: `additionalPrinterColumns`. */
  readonly columns?: readonly CustomResourceColumnDefinition[]
  /** Custom resources: `openAPIV3Schema` of the served version as its definition has it, for OpenAPI. */
  readonly openApiSchema?: unknown
  /** Custom resources: where `/scale` finds its values. */
  readonly scale?: ScalePaths
}

/** Objects that are made up when somebody asks, and not stored: metrics, component statuses. */
export interface ComputedObjects {
  get(namespace: string, name: string): Promise<StoredKubeObject | undefined>
  /** Of one namespace, or all. */
  list(namespace: string | undefined): Promise<StoredKubeObject[]>
}

export interface SelectableFields {
  has(field: string): boolean
  /** What a selector is compared with; '' for what is absent. */
  read(object: StoredKubeObject, field: string): string
  /** Message of the 400 for a field that is not selectable. */
  unsupported(field: string): string
}

/** Both may change their argument's top level, not what is below it. The result has the target's apiVersion and kind. */
export interface VersionConversion {
  /** From whatever version it was stored in. */
  fromStorage(objects: StoredKubeObject[]): StoredKubeObject[] | Promise<StoredKubeObject[]>
  toStorage(object: StoredKubeObject): StoredKubeObject | Promise<StoredKubeObject>
}

/** Paths like `.spec.replicas`, from `subresources.scale` of a CustomResourceDefinition. */
export interface ScalePaths {
  specReplicas: string
  statusReplicas: string
  labelSelector?: string
}
