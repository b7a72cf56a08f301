import type { PolicyRule } from '../../../api/types/rbac-v1.ts'
import type { AuthorizationAttributes, Authorizer, Decision } from '../authorizer.ts'
import type { UserInfo } from '../user-info.ts'
import type { Grant, RbacIndex } from './rbac-index.ts'
import { ruleMatches } from './rule-matches.ts'
import type { RuleResolver } from './rule-resolver.ts'

/** Roles and bindings of `rbac.authorization.k8s.io`. Only ever allows; what nobody allows is forbidden. */
export class RbacAuthorizer implements Authorizer, RuleResolver {
  readonly #index: RbacIndex

  constructor(index: RbacIndex) {
    this.#index = index
  }

  authorize(attributes: AuthorizationAttributes): Decision {
    const errors: string[] = []
    for (const grant of this.#index.grantsOf(attributes.user, attributes.namespace ?? '')) {
      const rules = this.#index.rulesOf(grant)
      if (!rules) errors.push(missing(grant))
      else if (rules.some((rule) => ruleMatches(rule, attributes))) {
        return { allowed: true, reason: `RBAC: allowed by ${describe(grant)}` }
      }
    }
    return errors.length > 0 ? { allowed: false, reason: `RBAC: ${aggregate(errors)}` } : { allowed: false }
  }

  rulesFor(user: UserInfo, namespace: string): { rules: PolicyRule[]; errors: string[] } {
    const rules: PolicyRule[] = []
    const errors: string[] = []
    for (const grant of this.#index.grantsOf(user, namespace)) {
      const granted = this.#index.rulesOf(grant)
      if (granted) rules.push(...granted)
      else errors.push(missing(grant))
    }
    return { rules, errors }
  }
}

/** Several errors as Go's aggregate prints them. */
export function aggregate(errors: readonly string[]): string {
  const distinct = [...new Set(errors)]
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`
}

function missing({ binding }: Grant): string {
  const { kind, name } = binding.roleRef
  return `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`
}

function describe({ binding, subject }: Grant): string {
  const { name, namespace } = binding.metadata
  const { kind, name: role } = binding.roleRef
  const who =
    subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace}` : subject.name
  const what = namespace ? `RoleBinding "${name}/${namespace}"` : `ClusterRoleBinding "${name}"`
  return `${what} of ${kind} "${role}" to ${subject.kind} "${who}"`
}
