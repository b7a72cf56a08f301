// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { LabelSelector, ListMeta, ObjectMeta } from './meta-v1.ts'

export interface PolicyRule {
  verbs: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
}

export interface Subject {
  kind: string
  apiGroup?: string
  name: string
  namespace?: string
}

export interface RoleRef {
  apiGroup?: string
  kind: string
  name: string
}

export interface Role {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  rules?: PolicyRule[]
}

export interface RoleBinding {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  subjects?: Subject[]
  roleRef: RoleRef
}

export interface RoleBindingList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: RoleBinding[]
}

export interface RoleList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: Role[]
}

export interface ClusterRole {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  rules?: PolicyRule[]
  aggregationRule?: AggregationRule
}

export interface AggregationRule {
  clusterRoleSelectors?: LabelSelector[]
}

export interface ClusterRoleBinding {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  subjects?: Subject[]
  roleRef: RoleRef
}

export interface ClusterRoleBindingList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: ClusterRoleBinding[]
}

export interface ClusterRoleList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: ClusterRole[]
}
