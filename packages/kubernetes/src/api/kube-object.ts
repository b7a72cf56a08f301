/** Any JSON value, as it travels in API bodies. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface ManagedFieldsEntry {
  manager?: string
  operation?: 'Apply' | 'Update'
  apiVersion?: string
  time?: string
  fieldsType?: 'FieldsV1'
  fieldsV1?: Json
  subresource?: string
}

/** Kubernetes `meta/v1 ObjectMeta`. Times are RFC 3339 strings in UTC with second precision. */
export interface ObjectMeta {
  name?: string
  generateName?: string
  namespace?: string
  selfLink?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string | null
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: ManagedFieldsEntry[]
}

/**
 * Any API object in its JSON form: what is stored, watched and sent. Objects that came out of a store, a cache or a
 * watch are shared: never change them, `structuredClone` first.
 */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
  // Kinds differ; typed code uses the interfaces of api/types/ instead.
  [field: string]: unknown
}

/** An object as stored: `metadata` is always there. */
export type StoredKubeObject = KubeObject & { metadata: ObjectMeta }

export interface ListMeta {
  resourceVersion?: string
  continue?: string
  remainingItemCount?: number
}

export interface KubeList<T = KubeObject> {
  apiVersion?: string
  kind?: string
  metadata: ListMeta
  items: T[]
}

export interface GroupVersionKind {
  group: string
  version: string
  kind: string
}

/** `resource` is the lower-case plural of the URL, e.g. `pods`. The core group is the empty string. */
export interface GroupVersionResource {
  group: string
  version: string
  resource: string
}
