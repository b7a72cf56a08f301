import type { StatusCause } from '../../api/api-error.ts'
import { builtinConversion } from '../../api/conversion/builtin-conversion.ts'
import { applyDefaults, applyStructDefaults } from '../../api/defaults/apply-defaults.ts'
import type { GroupVersionKind, KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import { builtinResources, schemaNameOf } from '../../api/resources.ts'
import type { StructNode } from '../../api/schema/schema-node.ts'
import { schemaOf } from '../../api/schema/schemas.ts'
import { conform } from '../../api/structure/conform.ts'
import { validateCreate, validateUpdate } from '../../api/validation/validate.ts'
import { componentStatuses } from './component-statuses.ts'
import type { BodyShape } from './decode-body.ts'
import { builtinSelectableFields } from './selectable-fields.ts'
import type {
  ComputedObjects,
  SelectableFields,
  ServedResource,
  VersionConversion,
} from './served-resource.ts'
import { type Strategy, strategyFor } from './strategy.ts'

/** Kinds whose DELETE answers with the object (upstream's `ReturnDeletedObject`). */
const returningDeleted = new Set([
  'namespaces.',
  'persistentvolumeclaims.',
  'persistentvolumes.',
  'pods.',
  'podtemplates.',
  'resourcequotas.',
  'serviceaccounts.',
  'services.',
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'storageclasses.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'volumeattributesclasses.storage.k8s.io',
  'deviceclasses.resource.k8s.io',
  'resourceclaims.resource.k8s.io',
  'resourceclaimtemplates.resource.k8s.io',
  'resourceslices.resource.k8s.io',
])

/** Upstream's hand-written lifecycle of core/v1; no other stable version is deprecated. */
const deprecations: Readonly<Record<string, string>> = {
  'componentstatuses.': 'v1 ComponentStatus is deprecated in v1.19+',
  'endpoints.': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
}

/** A built-in resource; schema, strategy and selectors are made when they are first needed. */
class BuiltinResource implements ServedResource {
  readonly info: ResourceInfo
  readonly returnsDeleted: boolean
  readonly storedAs?: { group: string; resource: string }
  readonly conversion?: VersionConversion
  readonly computed?: ComputedObjects
  readonly deprecation: string | undefined
  #selectableFields: SelectableFields | undefined

  constructor(info: ResourceInfo) {
    this.info = info
    this.returnsDeleted = returningDeleted.has(`${info.resource}.${info.group}`)
    this.deprecation = deprecations[`${info.resource}.${info.group}`]
    if (info.resource === 'componentstatuses') this.computed = componentStatuses
    const conversion = builtinConversion(info)
    if (!conversion) return
    this.storedAs = conversion.storedAs
    this.conversion = {
      toStorage: conversion.toStorage,
      fromStorage: (objects) => objects.map(conversion.fromStorage),
    }
  }

  get schema(): StructNode {
    return schemaOf(this.info.schema!)
  }

  get strategy(): Strategy {
    return strategyFor(this.info)
  }

  get selectableFields(): SelectableFields {
    this.#selectableFields ??= builtinSelectableFields(this.info)
    return this.#selectableFields
  }

  conform(value: unknown, unknown?: string[]): KubeObject {
    return conform(this.schema, value, unknown)
  }

  setDefaults(object: KubeObject): void {
    applyDefaults(this.info, object)
  }

  validateCreate(object: StoredKubeObject): StatusCause[] {
    return validateCreate(this.info, object)
  }

  validateUpdate(next: StoredKubeObject, old: StoredKubeObject, subresource: string): StatusCause[] {
    return validateUpdate(this.info, next, old, subresource)
  }
}

export function builtinServedResources(): ServedResource[] {
  return builtinResources.map((info) => new BuiltinResource(info))
}

/** Shape of a built-in kind that is no resource of its own: a Scale, a Binding, an Eviction. */
export function builtinShape(gvk: GroupVersionKind): BodyShape & { schema: StructNode } {
  const name = schemaNameOf(gvk)
  if (!name) throw new Error(`no schema for ${gvk.group}/${gvk.version} ${gvk.kind}`)
  const schema = schemaOf(name)
  return {
    gvk,
    schema,
    conform: (value, unknown) => conform(schema, value, unknown),
    setDefaults: (object) => applyStructDefaults(name, object),
  }
}
