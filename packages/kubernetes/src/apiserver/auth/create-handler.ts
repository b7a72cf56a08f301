import type { KubeObject } from '../../api/kube-object.ts'
import type { UserInfo } from './user-info.ts'

/** A `create` whose answer is computed and not stored (reviews, tokens). `object` is defaulted and may be changed. */
export interface CreateRequest {
  object: KubeObject
  /** From the URL; empty at the cluster scope. */
  namespace: string
  /** Parent's name for subresources (`serviceaccounts/token`), otherwise empty. */
  name: string
  user: UserInfo
  /** Adds a `Warning:` header to the response. */
  warn(message: string): void
}

/** Resolves to the body of the 201 response; throws ApiError. */
export type CreateHandler = (request: CreateRequest) => Promise<KubeObject>
