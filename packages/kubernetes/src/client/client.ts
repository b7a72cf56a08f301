import type { GroupVersionResource, Json, KubeList, KubeObject } from '../api/kube-object.ts'

export interface ListOptions {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  limit?: number
  continue?: string
  resourceVersion?: string
  resourceVersionMatch?: 'Exact' | 'NotOlderThan'
  signal?: AbortSignal
}

export interface WatchOptions {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  resourceVersion?: string
  allowBookmarks?: boolean
  /** Ends the watch; the iterator then finishes without an error. */
  signal: AbortSignal
}

export interface WatchEvent<T = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  object: T
}

export interface DeleteOptions {
  gracePeriodSeconds?: number
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  preconditions?: { uid?: string; resourceVersion?: string }
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export interface WriteOptions {
  /** Name in managedFields. */
  fieldManager?: string
  dryRun?: boolean
  /** For `apply`. */
  force?: boolean
  /** e.g. `status`, `scale`, `binding`, `eviction`, `token`. */
  subresource?: string
}

/** A resource and where it is. `namespace` is absent for cluster-scoped resources (and for lists over all namespaces). */
export type ResourceRef = GroupVersionResource

/**
 * The Kubernetes API for programs. Two implementations: `DirectClient` calls the registry in this process (control
 * plane), `HttpClient` speaks HTTPS (kubelet, proxy, CLI, tests). Every method throws `ApiError`; on a broken connection
 * `HttpClient` throws one with reason ServiceUnavailable. Objects that come out may be shared: clone before changing.
 */
export interface Client {
  get<T = KubeObject>(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    options?: { subresource?: string },
  ): Promise<T>
  list<T = KubeObject>(resource: ResourceRef, options?: ListOptions): Promise<KubeList<T>>
  create<T extends object = KubeObject>(
    resource: ResourceRef,
    namespace: string | undefined,
    object: T,
    options?: WriteOptions & { /** Parent of a subresource create. */ name?: string },
  ): Promise<T>
  /** Name, namespace and expected resourceVersion are taken from the object. */
  update<T extends object = KubeObject>(resource: ResourceRef, object: T, options?: WriteOptions): Promise<T>
  patch<T = KubeObject>(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    patch: Json | object,
    options?: WriteOptions,
  ): Promise<T>
  delete(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions,
  ): Promise<void>
  deleteCollection(resource: ResourceRef, list: ListOptions, options?: DeleteOptions): Promise<void>
  /**
   * Ends normally when the server closes the watch (call again from the last resourceVersion); throws `ApiError` with
   * reason Expired when the resourceVersion is too old (list again).
   */
  watch<T = KubeObject>(resource: ResourceRef, options: WatchOptions): AsyncIterable<WatchEvent<T>>
}
