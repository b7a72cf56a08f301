import { type CelEnvironment, type CelProgram, compileCel } from '../../../api/cel/cel.ts'
import { CelCompileError, CelError } from '../../../api/cel/cel-error.ts'
import { type CelType, formatType, sameType } from '../../../api/cel/cel-type.ts'
import type { CelValue } from '../../../api/cel/values.ts'
import type { Activation } from './activation.ts'

/** The budget of all expressions of a policy or webhook is used up; nothing more is evaluated. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run')
  }
}

/** An expression of a webhook or policy. What is wrong with it is told when it is to be used. */
export class AdmissionExpression {
  readonly source: string
  readonly #program: CelProgram | undefined
  /** Why it cannot be used. */
  readonly problem: string | undefined

  /** `result`: what it has to be; anything when absent. */
  constructor(source: string, environment: CelEnvironment, result?: CelType) {
    this.source = source
    try {
      this.#program = compileCel(source, environment)
      const { type } = this.#program
      if (result && !sameType(type, result)) {
        this.problem = `must evaluate to ${formatType(result)} but got ${formatType(type)}`
      }
    } catch (error) {
      if (!(error instanceof CelCompileError)) throw error
      this.problem = `compilation failed: ${error.message}`
    }
  }

  get type(): CelType | undefined {
    return this.#program?.type
  }

  /** @throws OutOfBudget, CelError with upstream's words for what went wrong */
  evaluate(activation: Activation): CelValue {
    if (this.problem || !this.#program) throw new CelError(`compilation error: ${this.problem}`)
    try {
      return this.run(activation)
    } catch (error) {
      if (activation.budget.left <= 0) throw new OutOfBudget()
      if (!(error instanceof CelError)) throw error
      throw new CelError(`expression '${this.source}' resulted in error: ${error.message}`)
    }
  }

  /** As `evaluate`, with the bare error. */
  run(activation: Activation): CelValue {
    if (this.problem || !this.#program) throw new CelError(this.problem)
    return this.#program.evaluate((name) => activation.get(name), activation.budget)
  }
}
