import type { UserInfo } from './user-info.ts'

/** `authorizer.Attributes` of apiserver: for resource requests `group`, `resource` … are set, otherwise `path`. */
export interface AuthorizationAttributes {
  user: UserInfo
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `proxy` …; the HTTP method in lower case for paths. */
  verb: string
  group?: string
  version?: string
  resource?: string
  subresource?: string
  namespace?: string
  /** For `list` and `watch` with the field selector `metadata.name=x` it is `x`, as upstream's RequestInfo has it. */
  name?: string
  path?: string
  labelSelector?: string
  fieldSelector?: string
}

export interface Decision {
  allowed: boolean
  /** A later authorizer may not allow it any more. */
  denied?: boolean
  reason?: string
}

export interface Authorizer {
  /** At once: expressions of policies ask too, and these do not wait. */
  authorize(attributes: AuthorizationAttributes): Decision
}
