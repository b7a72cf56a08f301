// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { Json } from '../kube-object.ts'
import type { UserInfo } from './authentication-v1.ts'
import type { GroupVersionKind, GroupVersionResource, Status } from './meta-v1.ts'

export interface AdmissionReview {
  kind?: string
  apiVersion?: string
  request?: AdmissionRequest
  response?: AdmissionResponse
}

export interface AdmissionRequest {
  uid?: string
  kind?: GroupVersionKind
  resource?: GroupVersionResource
  subResource?: string
  requestKind?: GroupVersionKind
  requestResource?: GroupVersionResource
  requestSubResource?: string
  name?: string
  namespace?: string
  operation?: string
  userInfo?: UserInfo
  object?: Json
  oldObject?: Json
  dryRun?: boolean
  options?: Json
}

export interface AdmissionResponse {
  uid?: string
  allowed?: boolean
  status?: Status
  patch?: string
  patchType?: string
  auditAnnotations?: Record<string, string>
  warnings?: string[]
}
