import { type AdmissionExpressions, admissionEnvironment } from '../../../api/cel/admission.ts'
import { type CelType, dyn } from '../../../api/cel/cel-type.ts'
import type { MatchCondition, ParamKind, Variable } from '../../../api/types/admissionregistration-v1.ts'
import { AdmissionExpression } from '../cel/admission-expression.ts'
import { MatchConditions } from '../cel/match-conditions.ts'

/** What both kinds of policies have in their spec. */
export interface PolicyParts {
  paramKind?: ParamKind
  variables?: Variable[]
  matchConditions?: MatchCondition[]
  failurePolicy?: string
}

/** What all expressions of a policy may cost for one binding and parameter. */
export const policyBudget = 10_000_000

/** A policy's variables and conditions, and what its other expressions may speak of. */
export class CompiledPolicy {
  readonly variables: ReadonlyMap<string, AdmissionExpression>
  readonly matchConditions: MatchConditions | undefined
  readonly #speaksOf: AdmissionExpressions

  constructor({ paramKind, variables = [], matchConditions, failurePolicy }: PolicyParts) {
    const params = paramKind !== undefined
    const compiled = new Map<string, AdmissionExpression>()
    const types: Record<string, CelType> = {}
    for (const { name, expression } of variables) {
      // Variables may use those before them.
      const environment = admissionEnvironment({ params, authorizer: true, variables: { ...types } })
      const variable = new AdmissionExpression(expression, environment)
      compiled.set(name, variable)
      types[name] = variable.type ?? dyn
    }
    this.variables = compiled
    this.#speaksOf = { params, variables: types }
    if (matchConditions?.length) {
      const speaksOf = { ...this.#speaksOf, authorizer: true }
      this.matchConditions = new MatchConditions(matchConditions, speaksOf, failurePolicy)
    }
  }

  expression(
    source: string,
    result: CelType,
    more: Pick<AdmissionExpressions, 'authorizer' | 'patches'>,
  ): AdmissionExpression {
    return new AdmissionExpression(source, admissionEnvironment({ ...this.#speaksOf, ...more }), result)
  }
}
