import type { ObjectMeta } from '../api/kube-object.ts'
import type { ResourceRef } from './client.ts'
import type { Informer } from './informer.ts'

export interface InformerScope {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
}

/** Shares one informer per resource and scope among everyone in a process; starts it when it is first asked for. */
export interface InformerFactory {
  informer<T extends { metadata: ObjectMeta }>(resource: ResourceRef, scope?: InformerScope): Informer<T>
  /** Ends all watches. */
  stop(): void
}
