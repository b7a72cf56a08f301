import type { KubeObject } from '../../api/kube-object.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import type { UserInfo } from '../auth/user-info.ts'
import type { AdmissionRound } from './admission-round.ts'

export interface AdmissionAttributes {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  resource: ResourceInfo
  subresource: string
  namespace: string
  name: string
  /** New state (defaulted); plugins that admit may change it in place. Absent at DELETE. */
  object: KubeObject | undefined
  /** Present at UPDATE and DELETE. */
  oldObject: KubeObject | undefined
  user: UserInfo
  dryRun: boolean
  /** CreateOptions, UpdateOptions, DeleteOptions … */
  options: KubeObject
  /** Adds a `Warning:` header to the response. */
  warn(message: string): void
}

/** Mutating plugins run in order before validation, validating ones after it. Refuse by throwing ApiError (Forbidden mostly). */
export interface AdmissionPlugin {
  readonly name: string
  admit?(attributes: AdmissionAttributes, round: AdmissionRound): Promise<void>
  validate?(attributes: AdmissionAttributes): Promise<void>
  close?(): void
}
