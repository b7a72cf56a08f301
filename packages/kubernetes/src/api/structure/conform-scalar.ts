import { formatDuration, parseDuration } from '../duration.ts'
import { canonicalQuantity } from '../quantity.ts'
import type { ScalarNode } from '../schema/schema-node.ts'
import { DecodeError } from './decode-error.ts'
import { zeroScalar } from './go-fields.ts'
import { goTypeOf, goValueKind } from './go-type.ts'

/** `Struct.path.to.field` for the errors of a field. */
export type FieldContext = () => string

/**
 * A scalar as Go would write it after reading `value`: quantities in canonical form, times in UTC. Null becomes the zero
 * value. @throws DecodeError
 */
export function conformScalar(node: ScalarNode, value: unknown, context: FieldContext): unknown {
  if (value === null || value === undefined) return zeroScalar(node)
  switch (node.type) {
    case 'string':
      if (typeof value === 'string') return value
      break
    case 'boolean':
      if (typeof value === 'boolean') return value
      break
    case 'int32':
      if (typeof value === 'number') return integer(node, value, 0x7fffffff, context)
      break
    case 'int64':
      if (typeof value === 'number') return integer(node, value, 2 ** 63, context)
      break
    case 'double':
      if (typeof value === 'number') return value
      break
    case 'bytes':
      if (typeof value === 'string') return base64(value)
      break
    case 'quantity':
      if (typeof value === 'string' || typeof value === 'number') return quantity(String(value))
      throw new DecodeError(quantityErrors.format)
    case 'intOrString':
      if (typeof value === 'string') return value
      if (typeof value === 'number') return integer(node, value, 0x7fffffff, context)
      break
    case 'time':
      if (typeof value === 'string') return time(value, 'RFC3339')
      break
    case 'microTime':
      if (typeof value === 'string') return time(value, 'RFC3339Micro')
      break
    case 'duration':
      if (typeof value === 'string') return duration(value)
      break
  }
  throw typeError(goValueKind(value), goTypeOf(node), context)
}

/** The error of a value of a wrong JSON type. */
export function typeError(found: string, wanted: string, context: FieldContext): DecodeError {
  const where = context()
  return new DecodeError(
    `json: cannot unmarshal ${found} into Go ${where ? `struct field ${where}` : 'value'} of type ${wanted}`,
  )
}

function integer(node: ScalarNode, value: number, limit: number, context: FieldContext): number {
  if (Number.isInteger(value) && value <= limit && value >= -limit - 1) return value
  throw typeError(`number ${value}`, goTypeOf(node), context)
}

function base64(text: string): string {
  const bad = /[^A-Za-z0-9+/=\r\n]/.exec(text)
  const plain = text.replaceAll(/[\r\n]/g, '')
  const data = plain.replace(/={0,2}$/, '')
  if (bad || plain.length % 4 !== 0 || data.includes('=')) {
    const offset = bad
      ? bad.index
      : plain.length % 4 !== 0
        ? Math.max(0, text.length - (plain.length % 4))
        : text.indexOf('=')
    throw new DecodeError(`illegal base64 data at input byte ${offset}`)
  }
  return plain
}

const quantityErrors = {
  format: `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
  suffix: "unable to parse quantity's suffix",
}

function quantity(text: string): string {
  const trimmed = text.trim()
  const canonical = canonicalQuantity(trimmed)
  if (canonical !== undefined) return canonical
  const formed = /^[+-]?(\d+\.?\d*|\.\d+)[eEinumkKMGTP]*[-+]?\d*$/.test(trimmed)
  throw new DecodeError(formed ? quantityErrors.suffix : quantityErrors.format)
}

const layouts = { RFC3339: '2006-01-02T15:04:05Z07:00', RFC3339Micro: '2006-01-02T15:04:05.000000Z07:00' }
const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/

function time(text: string, layout: keyof typeof layouts): string {
  const parts = rfc3339.exec(text)
  const fraction = parts?.[2] ?? ''
  const seconds = parts ? Date.parse(parts[1]! + parts[3]!) : Number.NaN
  if (!parts || Number.isNaN(seconds) || (layout === 'RFC3339Micro' && fraction.length !== 6)) {
    throw new DecodeError(
      `parsing time ${JSON.stringify(text)} as "${layouts[layout]}": cannot parse ${JSON.stringify(text)} as "2006"`,
    )
  }
  const utc = new Date(seconds).toISOString().slice(0, 19)
  return layout === 'RFC3339' ? `${utc}Z` : `${utc}.${fraction}Z`
}

function duration(text: string): string {
  const milliseconds = parseDuration(text)
  if (milliseconds === undefined) throw new DecodeError(`time: invalid duration ${JSON.stringify(text)}`)
  return formatDuration(milliseconds)
}
