import { deepEqual } from '../json.ts'
import type { Field } from './field.ts'

export const fieldIsImmutable = 'field is immutable'

/** Complains when a field that never changes did. Absent and null are the same. */
export function validateImmutable(next: unknown, old: unknown, field: Field): void {
  if (!deepEqual(next ?? null, old ?? null)) field.invalid(next, fieldIsImmutable)
}
