import type { Field } from '../field.ts'
import { isDns1123Subdomain } from '../formats.ts'

export function validateCsiDriverName(name: string | undefined, field: Field): void {
  if (!name) {
    field.required()
    return
  }
  if (name.length > 63) field.tooLong(63)
  field.check(name, isDns1123Subdomain(name.toLowerCase()))
}
