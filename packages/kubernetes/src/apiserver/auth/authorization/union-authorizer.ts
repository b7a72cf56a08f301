import type { AuthorizationAttributes, Authorizer, Decision } from '../authorizer.ts'
import { privilegedGroup } from '../user-info.ts'

/** Members of system:masters may do everything; others what the first authorizer with an opinion says. */
export class UnionAuthorizer implements Authorizer {
  readonly #authorizers: readonly Authorizer[]

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers
  }

  authorize(attributes: AuthorizationAttributes): Decision {
    if (attributes.user.groups.includes(privilegedGroup)) return { allowed: true }
    const reasons: string[] = []
    for (const authorizer of this.#authorizers) {
      const decision = authorizer.authorize(attributes)
      if (decision.allowed || decision.denied) return decision
      if (decision.reason) reasons.push(decision.reason)
    }
    return reasons.length > 0 ? { allowed: false, reason: reasons.join('\n') } : { allowed: false }
  }
}
