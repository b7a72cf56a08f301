import { type AdmissionExpressions, admissionEnvironment } from '../../cel/admission.ts'
import { checkCel } from '../../cel/cel.ts'
import { CelCompileError } from '../../cel/cel-error.ts'
import { type CelType, dyn, formatType } from '../../cel/cel-type.ts'
import type { MatchCondition } from '../../types/admissionregistration-v1.ts'
import type { Field } from '../field.ts'
import { isQualifiedName } from '../formats.ts'
import { Unique } from '../rules.ts'

const mostConditions = 64

/**
 * An expression that has to mean something, and be of one of some types (of any, if none are named).
 * @returns its type
 */
export function validateExpression(
  source: string,
  options: AdmissionExpressions,
  types: readonly string[],
  field: Field,
): CelType {
  try {
    const { type } = checkCel(source, admissionEnvironment(options))
    if (types.length === 0 || types.includes(goName(type))) return type
    const expected = types.length === 1 ? types[0] : `one of [${types.join(' ')}]`
    field.invalid(source, `must evaluate to ${expected} but got ${goName(type)}`)
    return type
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error
    field.invalid(source, `compilation failed: ${error.message}`)
    return dyn
  }
}

function goName(type: CelType): string {
  return type.kind === 'null' ? 'null_type' : formatType(type)
}

export function validateMatchConditions(conditions: MatchCondition[], params: boolean, field: Field): void {
  if (conditions.length > mostConditions) field.tooMany(conditions.length, mostConditions)
  const names = new Unique()
  for (const [index, { name, expression = '' }] of conditions.entries()) {
    const at = field.index(index)
    const trimmed = expression.trim()
    if (trimmed) validateExpression(trimmed, { params, authorizer: true }, ['bool'], at.at('expression'))
    else at.at('expression').required()
    if (name) {
      at.at('name').check(name, isQualifiedName(name))
      names.add(name, at.at('name'))
    } else {
      at.at('name').required()
    }
  }
}
