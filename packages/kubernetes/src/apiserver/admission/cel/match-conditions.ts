import { type AdmissionExpressions, admissionEnvironment } from '../../../api/cel/admission.ts'
import { CelError } from '../../../api/cel/cel-error.ts'
import { bool } from '../../../api/cel/cel-type.ts'
import type { MatchCondition } from '../../../api/types/admissionregistration-v1.ts'
import { aggregate } from '../../auth/authorization/rbac-authorizer.ts'
import type { Activation } from './activation.ts'
import { AdmissionExpression, OutOfBudget } from './admission-expression.ts'

/** What all conditions of a webhook or policy may cost together. */
export const matchConditionsBudget = 2_500_000

/** The `matchConditions` of a webhook or policy: all have to be true. */
export class MatchConditions {
  readonly #conditions: readonly AdmissionExpression[]
  readonly #failurePolicy: string | undefined

  constructor(
    conditions: readonly MatchCondition[],
    speaksOf: AdmissionExpressions,
    failurePolicy: string | undefined,
  ) {
    const environment = admissionEnvironment(speaksOf)
    this.#conditions = conditions.map(
      ({ expression }) => new AdmissionExpression(expression, environment, bool),
    )
    this.#failurePolicy = failurePolicy
  }

  /**
   * One that is false decides; errors of others do so only when none is.
   * @throws Error when they cannot be computed and must be
   */
  match(activation: Activation): boolean {
    const problems: string[] = []
    for (const condition of this.#conditions) {
      try {
        if (condition.evaluate(activation) === false) return false
      } catch (error) {
        if (!(error instanceof CelError || error instanceof OutOfBudget)) throw error
        problems.push(error.message)
        if (error instanceof OutOfBudget) break
      }
    }
    if (problems.length === 0) return true
    if (this.#failurePolicy === 'Ignore') return false
    throw new Error(aggregate(problems))
  }
}
