// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { Json, ListMeta, ObjectMeta } from '../kube-object.ts'

export type { Status, StatusCause, StatusDetails } from '../api-error.ts'
export type { ListMeta, ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../kube-object.ts'

export interface GroupResource {
  group: string
  resource: string
}

export interface GroupVersionResource {
  group: string
  version: string
  resource: string
}

export interface GroupKind {
  group: string
  kind: string
}

export interface GroupVersionKind {
  group: string
  version: string
  kind: string
}

export interface GroupVersion {
  group: string
  version: string
}

export interface Timestamp {
  seconds: number
  nanos: number
}

export interface TypeMeta {
  kind?: string
  apiVersion?: string
}

export interface ShardInfo {
  selector: string
}

export interface ListOptions {
  kind?: string
  apiVersion?: string
  labelSelector?: string
  fieldSelector?: string
  watch?: boolean
  allowWatchBookmarks?: boolean
  resourceVersion?: string
  resourceVersionMatch?: string
  timeoutSeconds?: number
  limit?: number
  continue?: string
  sendInitialEvents?: boolean
  shardSelector?: string
}

export interface GetOptions {
  kind?: string
  apiVersion?: string
  resourceVersion?: string
}

export interface DeleteOptions {
  kind?: string
  apiVersion?: string
  gracePeriodSeconds?: number
  preconditions?: Preconditions
  orphanDependents?: boolean
  propagationPolicy?: string
  dryRun?: string[]
  ignoreStoreReadErrorWithClusterBreakingPotential?: boolean
}

export interface CreateOptions {
  kind?: string
  apiVersion?: string
  dryRun?: string[]
  fieldManager?: string
  fieldValidation?: string
}

export interface PatchOptions {
  kind?: string
  apiVersion?: string
  dryRun?: string[]
  force?: boolean
  fieldManager?: string
  fieldValidation?: string
}

export interface ApplyOptions {
  kind?: string
  apiVersion?: string
  dryRun?: string[]
  force: boolean
  fieldManager: string
}

export interface UpdateOptions {
  kind?: string
  apiVersion?: string
  dryRun?: string[]
  fieldManager?: string
  fieldValidation?: string
}

export interface Preconditions {
  uid?: string
  resourceVersion?: string
}

export interface List {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: Json[]
}

export interface APIVersions {
  kind?: string
  apiVersion?: string
  versions: string[]
  serverAddressByClientCIDRs: ServerAddressByClientCIDR[]
}

export interface APIGroupList {
  kind?: string
  apiVersion?: string
  groups: APIGroup[]
}

export interface APIGroup {
  kind?: string
  apiVersion?: string
  name: string
  versions: GroupVersionForDiscovery[]
  preferredVersion?: GroupVersionForDiscovery
  serverAddressByClientCIDRs?: ServerAddressByClientCIDR[]
}

export interface ServerAddressByClientCIDR {
  clientCIDR: string
  serverAddress: string
}

export interface GroupVersionForDiscovery {
  groupVersion: string
  version: string
}

export interface APIResource {
  name: string
  singularName: string
  namespaced: boolean
  group?: string
  version?: string
  kind: string
  verbs: string[]
  shortNames?: string[]
  categories?: string[]
  storageVersionHash?: string
}

export interface APIResourceList {
  kind?: string
  apiVersion?: string
  groupVersion: string
  resources: APIResource[]
}

export interface RootPaths {
  paths: string[]
}

export type Patch = Record<string, never>

export interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: LabelSelectorRequirement[]
}

export interface LabelSelectorRequirement {
  key: string
  operator: string
  values?: string[]
}

export interface FieldSelectorRequirement {
  key: string
  operator: string
  values?: string[]
}

export interface Table {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  columnDefinitions: TableColumnDefinition[]
  rows: TableRow[]
}

export interface TableColumnDefinition {
  name: string
  type: string
  format: string
  description: string
  priority: number
}

export interface TableRow {
  cells: Json[]
  conditions?: TableRowCondition[]
  object?: Json
}

export interface TableRowCondition {
  type: string
  status: string
  reason?: string
  message?: string
}

export interface TableOptions {
  kind?: string
  apiVersion?: string
  includeObject?: string
}

export interface PartialObjectMetadata {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
}

export interface PartialObjectMetadataList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: PartialObjectMetadata[]
}

export interface Condition {
  type: string
  status: string
  observedGeneration?: number
  lastTransitionTime: string
  reason: string
  message: string
}

export interface WatchEvent {
  type: string
  object: Json
}
