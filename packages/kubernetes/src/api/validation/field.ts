import type { StatusCause } from '../api-error.ts'
import { goQuote } from '../go-format.ts'

/**
 * A place in an object and where errors about it go. Rules walk down with `at`, `index` and `key` and complain with the
 * kinds of apimachinery's `field.Error`; paths, reasons and messages come out as upstream's.
 */
export class Field {
  readonly causes: StatusCause[]
  readonly path: string

  constructor(causes: StatusCause[], path = '') {
    this.causes = causes
    this.path = path
  }

  at(...names: string[]): Field {
    return new Field(this.causes, [...(this.path ? [this.path] : []), ...names].join('.'))
  }

  index(index: number): Field {
    return new Field(this.causes, `${this.path}[${index}]`)
  }

  key(key: string): Field {
    return new Field(this.causes, `${this.path}[${key}]`)
  }

  required(detail = ''): void {
    this.add('FieldValueRequired', 'Required value', detail)
  }

  forbidden(detail: string): void {
    this.add('FieldValueForbidden', 'Forbidden', detail)
  }

  invalid(value: unknown, detail: string): void {
    this.add('FieldValueInvalid', `Invalid value: ${printValue(value)}`, detail)
  }

  /** `invalid` where showing the value would not help. */
  invalidAsWhole(detail: string): void {
    this.add('FieldValueInvalid', 'Invalid value', detail)
  }

  /** `invalid` once per message of a format check. */
  check(value: unknown, messages: readonly string[]): void {
    for (const message of messages) this.invalid(value, message)
  }

  typeInvalid(value: unknown, detail: string): void {
    this.add('FieldValueTypeInvalid', `Invalid value: ${printValue(value)}`, detail)
  }

  notSupported(value: unknown, supported: readonly string[]): void {
    const list = supported.length ? `supported values: ${supported.map(goQuote).join(', ')}` : ''
    this.add('FieldValueNotSupported', `Unsupported value: ${printValue(value)}`, list)
  }

  notFound(value: unknown): void {
    this.add('FieldValueNotFound', `Not found: ${printValue(value)}`, '')
  }

  /** Without a value where showing it would not help. */
  duplicate(value?: unknown): void {
    const shown = value === undefined ? '' : `: ${printValue(value)}`
    this.add('FieldValueDuplicate', `Duplicate value${shown}`, '')
  }

  tooLong(most: number): void {
    this.add('FieldValueTooLong', 'Too long', `may not be more than ${most} ${most === 1 ? 'byte' : 'bytes'}`)
  }

  tooLongCharacters(most: number): void {
    const unit = most === 1 ? 'character' : 'characters'
    this.add('FieldValueTooLong', 'Too long', `may not be more than ${most} ${unit}`)
  }

  tooMany(actual: number, most: number): void {
    this.add(
      'FieldValueTooMany',
      `Too many: ${actual}`,
      `must have at most ${most} ${most === 1 ? 'item' : 'items'}`,
    )
  }

  internal(detail: string): void {
    this.add('InternalError', 'Internal error', detail)
  }

  private add(reason: string, message: string, detail: string): void {
    this.causes.push({
      reason,
      message: detail ? `${message}: ${detail}` : message,
      field: this.path || '<nil>',
    })
  }
}

/** A value as field errors show it: JSON, with strings quoted as Go does. */
function printValue(value: unknown): string {
  if (typeof value === 'string') return goQuote(value)
  if (value === undefined) return 'null'
  return JSON.stringify(value).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)
}
