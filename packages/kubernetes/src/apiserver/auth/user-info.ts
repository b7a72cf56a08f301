/** Who makes a request; `authentication.k8s.io/v1 UserInfo`. */
export interface UserInfo {
  username: string
  uid?: string
  groups: string[]
  extra?: Record<string, string[]>
}

/** The control plane's own identity: in system:masters, so everything is allowed. */
export const controlPlaneUser: UserInfo = {
  username: 'system:apiserver',
  groups: ['system:masters', 'system:authenticated'],
}

export const authenticatedGroup = 'system:authenticated'
export const unauthenticatedGroup = 'system:unauthenticated'
export const anonymousName = 'system:anonymous'
/** Members may do everything, whatever RBAC says. */
export const privilegedGroup = 'system:masters'
/** Key in `UserInfo.extra` that tells which credential was used. */
export const credentialIdKey = 'authentication.kubernetes.io/credential-id'
