import type { Field } from './field.ts'
import { isPercent } from './formats.ts'
import { nonNegative } from './rules.ts'

type IntOrPercent = number | string | undefined

/** A number of things, or a part of all of them: `3`, `25%`. Absent is 0. */
export function validateIntOrPercent(value: IntOrPercent, field: Field): void {
  if (typeof value === 'string') field.check(value, isPercent(value))
  else nonNegative(value, field)
}

export function validateAtMost100Percent(value: IntOrPercent, field: Field): void {
  if (typeof value === 'string' && isPercent(value).length === 0 && numberOf(value) > 100)
    field.invalid(value, 'must not be greater than 100%')
}

/** The number in front; 0 when there is none. */
export function numberOf(value: IntOrPercent): number {
  return typeof value === 'string' ? Number.parseInt(value, 10) || 0 : (value ?? 0)
}
