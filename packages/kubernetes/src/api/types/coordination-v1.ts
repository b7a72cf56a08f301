// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { ListMeta, ObjectMeta } from './meta-v1.ts'

export interface Lease {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec?: LeaseSpec
}

export interface LeaseSpec {
  holderIdentity?: string
  leaseDurationSeconds?: number
  acquireTime?: string
  renewTime?: string
  leaseTransitions?: number
  strategy?: string
  preferredHolder?: string
}

export interface LeaseList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: Lease[]
}
