import type { KubeObject, ListMeta } from '../../api/kube-object.ts'
import type { ServedResource } from '../registry/served-resource.ts'

export interface TableOptions {
  /** What each row carries of its object. */
  includeObject: 'Metadata' | 'None' | 'Object'
  /** Leaves the column definitions out: later events of a watch. */
  noHeaders: boolean
}

/** Shows objects of a resource as a `meta.k8s.io/v1 Table`. */
export type TableMaker = (
  resource: ServedResource,
  objects: readonly KubeObject[],
  metadata: ListMeta,
  options: TableOptions,
) => KubeObject
