import type { KubeObject, ListMeta } from '../../api/kube-object.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import type { CustomResourceColumnDefinition } from '../../api/types/apiextensions-v1.ts'
import type { Table, TableRow } from '../../api/types/meta-v1.ts'
import { customTable } from './custom-columns.ts'
import { type CellContext, cellContext, columns, type KindTable, type KindTables } from './kind-table.ts'
import { autoscalers, autoscalersV1 } from './kinds/autoscalers.ts'
import { clusterTables } from './kinds/cluster.ts'
import { coreTables } from './kinds/core.ts'
import { networkingTables } from './kinds/networking.ts'
import { podTables } from './kinds/pods.ts'
import { storageTables } from './kinds/storage.ts'
import { workloadTables } from './kinds/workloads.ts'

/** What rows carry of their objects: `Metadata` unless the client asks otherwise. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

export interface TableOptions {
  includeObject?: IncludeObject
  /** Milliseconds since the epoch, for ages. */
  now?: number
  /** Without the columns: for the later events of a watch. */
  noHeaders?: boolean
  /** Of the list, or of the object if it is a single one. */
  listMeta?: ListMeta
  /** `additionalPrinterColumns` of a custom resource's version. */
  columns?: readonly CustomResourceColumnDefinition[]
}

const tables: KindTables = {
  ...podTables,
  ...workloadTables,
  ...coreTables,
  ...networkingTables,
  ...storageTables,
  ...clusterTables,
}

/** Kinds that upstream has no columns for: their time of creation as it is. */
const plain: KindTable<KubeObject> = {
  columns: columns('Name', 'Created At:date'),
  cells: ({ metadata }) => [metadata?.name ?? '', metadata?.creationTimestamp ?? '0001-01-01T00:00:00Z'],
}

/** Objects of one resource as `kubectl get` shows them, in its columns and words, those of `-o wide` included. */
export function toTable(
  resource: ResourceInfo,
  objects: readonly KubeObject[],
  options: TableOptions = {},
): Table {
  const kind = tableOf(resource, options.columns)
  const context = cellContext(options.now ?? Date.now())
  const include = options.includeObject ?? 'Metadata'
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: options.listMeta ?? {},
    columnDefinitions: options.noHeaders ? [] : [...kind.columns],
    rows: objects.map((object) => rowOf(kind, resource, object, context, include)),
  }
}

function rowOf(
  kind: KindTable<KubeObject>,
  resource: ResourceInfo,
  object: KubeObject,
  context: CellContext,
  include: IncludeObject,
): TableRow {
  const conditions = kind.conditions?.(object)
  return {
    cells: kind.cells(object, context),
    ...(conditions && { conditions }),
    object: includedObject(resource, object, include) as TableRow['object'],
  }
}

function includedObject(resource: ResourceInfo, object: KubeObject, include: IncludeObject): unknown {
  if (include === 'None') return null
  if (include === 'Metadata') {
    return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata ?? {} }
  }
  if (object.kind && object.apiVersion) return object
  const apiVersion = resource.group ? `${resource.group}/${resource.version}` : resource.version
  return { ...object, kind: resource.kind, apiVersion }
}

/** Of definitions: parsing their paths for every list would cost more than the rows. */
const customTables = new WeakMap<readonly CustomResourceColumnDefinition[], KindTable<KubeObject>>()
const defaultCustomTable = customTable(undefined)

function tableOf(
  resource: ResourceInfo,
  definitions: readonly CustomResourceColumnDefinition[] | undefined,
): KindTable<KubeObject> {
  if (!resource.schema) {
    if (!definitions) return defaultCustomTable
    let table = customTables.get(definitions)
    if (!table) {
      table = customTable(definitions)
      customTables.set(definitions, table)
    }
    return table
  }
  if (resource.resource === 'horizontalpodautoscalers') {
    return (resource.version === 'v1'
      ? autoscalersV1
      : autoscalers) as KindTable<never> as KindTable<KubeObject>
  }
  const found = tables[`${resource.group}/${resource.resource}`] as KindTable<KubeObject> | undefined
  return found ?? plain
}
