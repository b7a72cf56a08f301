// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { ListMeta, ObjectMeta } from './meta-v1.ts'

export interface CertificateSigningRequest {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec: CertificateSigningRequestSpec
  status?: CertificateSigningRequestStatus
}

export interface CertificateSigningRequestSpec {
  request: string
  signerName: string
  expirationSeconds?: number
  usages?: string[]
  username?: string
  uid?: string
  groups?: string[]
  extra?: Record<string, string[]>
}

export interface CertificateSigningRequestStatus {
  conditions?: CertificateSigningRequestCondition[]
  certificate?: string
}

export interface CertificateSigningRequestCondition {
  type: string
  status: string
  reason?: string
  message?: string
  lastUpdateTime?: string
  lastTransitionTime?: string
}

export interface CertificateSigningRequestList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: CertificateSigningRequest[]
}
