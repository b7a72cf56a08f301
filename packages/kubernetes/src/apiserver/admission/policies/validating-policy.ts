import { CelError } from '../../../api/cel/cel-error.ts'
import { bool, string } from '../../../api/cel/cel-type.ts'
import type { CelValue } from '../../../api/cel/values.ts'
import type {
  ValidatingAdmissionPolicySpec,
  Validation,
} from '../../../api/types/admissionregistration-v1.ts'
import { Activation, type ActivationOptions } from '../cel/activation.ts'
import { type AdmissionExpression, OutOfBudget } from '../cel/admission-expression.ts'
import { matchConditionsBudget } from '../cel/match-conditions.ts'
import { CompiledPolicy, policyBudget } from './compiled-policy.ts'

const maxMessageLength = 5 * 1024

/** Something that a policy does not let pass. */
export interface Violation {
  message: string
  reason?: string
}

interface CompiledValidation {
  validation: Validation
  expression: AdmissionExpression
  message: AdmissionExpression | undefined
}

/** A ValidatingAdmissionPolicy, ready to be evaluated. */
export class ValidatingPolicy {
  readonly #policy: CompiledPolicy
  readonly #validations: readonly CompiledValidation[]
  readonly #failsOpen: boolean

  constructor(spec: ValidatingAdmissionPolicySpec) {
    const policy = new CompiledPolicy(spec)
    this.#policy = policy
    this.#failsOpen = spec.failurePolicy === 'Ignore'
    this.#validations = (spec.validations ?? []).map((validation) => ({
      validation,
      expression: policy.expression(validation.expression, bool, { authorizer: true }),
      message: validation.messageExpression
        ? policy.expression(validation.messageExpression, string, {})
        : undefined,
    }))
  }

  evaluate(options: Omit<ActivationOptions, 'variables' | 'budget'>): Violation[] {
    const { variables, matchConditions } = this.#policy
    try {
      const { namespace: _namespace, ...plain } = options
      const activation = { ...plain, variables, budget: matchConditionsBudget }
      if (matchConditions && !matchConditions.match(new Activation(activation))) return []
    } catch (error) {
      return this.#failed(error as Error)
    }
    const activation = new Activation({ ...options, variables, budget: policyBudget })
    try {
      // All validations before the first message: these get what is left of the budget.
      const results = this.#validations.map(({ expression }) => outcome(expression, activation))
      return this.#validations.flatMap((each, index) => this.#judge(each, results[index]!, activation))
    } catch (error) {
      if (!(error instanceof OutOfBudget)) throw error
      return this.#failed(error)
    }
  }

  #judge(
    { validation, message }: CompiledValidation,
    result: CelValue | CelError,
    activation: Activation,
  ): Violation[] {
    if (result instanceof CelError) return this.#failed(result)
    if (result === true) return []
    const text =
      (message && computedMessage(message, activation)) ||
      validation.message?.trim() ||
      `failed expression: ${validation.expression.trim()}`
    return [{ message: text, ...(validation.reason && { reason: validation.reason }) }]
  }

  #failed({ message }: Error): Violation[] {
    return this.#failsOpen ? [] : [{ message }]
  }
}

/** @throws OutOfBudget */
function outcome(expression: AdmissionExpression, activation: Activation): CelValue | CelError {
  try {
    return expression.evaluate(activation)
  } catch (error) {
    if (error instanceof CelError) return error
    throw error
  }
}

/** Empty when it cannot be computed, or is no single line of reasonable length. */
function computedMessage(message: AdmissionExpression, activation: Activation): string {
  const result = outcome(message, activation)
  const text = typeof result === 'string' ? result.trim() : ''
  return text.length > maxMessageLength || text.includes('\n') ? '' : text
}
