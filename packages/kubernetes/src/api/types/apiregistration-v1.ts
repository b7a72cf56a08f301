// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { ListMeta, ObjectMeta } from './meta-v1.ts'

export interface APIServiceList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: APIService[]
}

export interface ServiceReference {
  namespace?: string
  name?: string
  port?: number
}

export interface APIServiceSpec {
  service?: ServiceReference
  group?: string
  version?: string
  insecureSkipTLSVerify?: boolean
  caBundle?: string
  groupPriorityMinimum: number
  versionPriority: number
}

export interface APIServiceCondition {
  type: string
  status: string
  lastTransitionTime?: string
  reason?: string
  message?: string
}

export interface APIServiceStatus {
  conditions?: APIServiceCondition[]
}

export interface APIService {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec?: APIServiceSpec
  status?: APIServiceStatus
}
