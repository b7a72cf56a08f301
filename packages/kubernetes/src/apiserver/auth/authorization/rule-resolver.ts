import type { PolicyRule } from '../../../api/types/rbac-v1.ts'
import type { UserInfo } from '../user-info.ts'

/** What RBAC grants, as rules. */
export interface RuleResolver {
  /** All rules of a user in a namespace ('' for the cluster scope); `errors` names roles that are bound but not there. */
  rulesFor(user: UserInfo, namespace: string): { rules: PolicyRule[]; errors: string[] }
}
