import type { UserInfo } from '../user-info.ts'

/** `rbac.authorization.k8s.io/v1 PolicyRule`. */
export interface PolicyRule {
  verbs: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
}

/** What RBAC grants, as rules. */
export interface RuleResolver {
  /** All rules of a user in a namespace ('' for the cluster scope); `errors` names roles that are bound but not there. */
  rulesFor(user: UserInfo, namespace: string): { rules: PolicyRule[]; errors: string[] }
}
