import { type CelEnvironment, type CelProgram, compileCel } from '../../cel/cel.ts'
import { CelCompileError } from '../../cel/cel-error.ts'
import { type CelType, optionalOf } from '../../cel/cel-type.ts'
import type { JSONSchemaProps, ValidationRule } from '../../types/apiextensions-v1.ts'

/** One of a schema's `x-kubernetes-validations`. */
export interface CompiledRule {
  rule: ValidationRule
  /** Absent for empty rules and such that do not compile. */
  program?: CelProgram
  /** Why it does not compile. */
  problem?: string
  message?: CelProgram
  messageProblem?: string
}

/** What rules may speak of: `self`, and `oldSelf`, which may be optional. */
export function ruleEnvironment(self: CelType, rule: ValidationRule): CelEnvironment {
  return { variables: { self, oldSelf: rule.optionalOldSelf ? optionalOf(self) : self } }
}

export function compileRules(schema: JSONSchemaProps, self: CelType): CompiledRule[] {
  return (schema['x-kubernetes-validations'] ?? []).map((rule) => {
    if (!rule.rule.trim()) return { rule }
    const environment = ruleEnvironment(self, rule)
    const [program, problem] = compile(rule.rule, environment, {
      kind: 'bool',
      failed: 'compilation failed: ',
      wrong: 'cel expression must evaluate to a bool',
    })
    const compiled: CompiledRule = { rule, ...(program ? { program } : { problem: problem ?? '' }) }
    if (!program || !rule.messageExpression) return compiled
    const [message, messageProblem] = compile(rule.messageExpression, environment, {
      kind: 'string',
      failed: 'messageExpression compilation failed: ',
      wrong: 'messageExpression must evaluate to a string',
    })
    return { ...compiled, ...(message ? { message } : { messageProblem: messageProblem ?? '' }) }
  })
}

interface Expected {
  kind: CelType['kind']
  failed: string
  wrong: string
}

function compile(
  source: string,
  environment: CelEnvironment,
  { kind, failed, wrong }: Expected,
): [program: CelProgram | undefined, problem?: string] {
  try {
    const program = compileCel(source, environment)
    return program.type.kind === kind ? [program] : [undefined, wrong]
  } catch (error) {
    if (error instanceof CelCompileError) return [undefined, failed + error.message]
    throw error
  }
}
