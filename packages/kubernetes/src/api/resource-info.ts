import type { GroupVersionKind } from './kube-object.ts'

/** The verbs of discovery. */
export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

/** A subresource that the generic registry or a named handler serves, e.g. `status`, `scale`, `log`, `binding`. */
export interface SubresourceInfo {
  name: string
  verbs: Verb[]
  /** Kind of the body where it is not the parent's (e.g. autoscaling/v1 Scale, policy/v1 Eviction, v1 Binding). */
  kind?: GroupVersionKind
}

/**
 * One served resource, as data: everything that the generic registry, discovery and the clients need to know of it.
 * Custom resources become `ResourceInfo`s too.
 */
export interface ResourceInfo {
  group: string
  version: string
  kind: string
  /** Kind of the list, e.g. `PodList`. */
  listKind: string
  /** Lower-case plural, the URL's word. */
  resource: string
  singular: string
  shortNames: string[]
  categories: string[]
  namespaced: boolean
  verbs: Verb[]
  subresources: SubresourceInfo[]
  /** Version that objects are stored in; resources of one group and name share their objects between versions. */
  storageVersion: string
  /** Name of the kind's schema, e.g. `io.k8s.api.core.v1.Pod`; absent for custom resources. */
  schema?: string
}

/** `apiVersion` of a group and version: `v1`, `apps/v1`. */
export function apiVersionOf(gv: { group: string; version: string }): string {
  return gv.group ? `${gv.group}/${gv.version}` : gv.version
}

/** Opposite of {@link apiVersionOf}. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/')
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}
