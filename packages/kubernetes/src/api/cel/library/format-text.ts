import { CelError } from '../cel-error.ts'
import {
  CelDuration,
  CelList,
  CelMap,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  type CelValue,
  typeNameOf,
} from '../values.ts'
import { formatDouble } from './numbers.ts'
import { formatDuration, formatTimestamp } from './time.ts'

/** `'%s has %d'.format([...])`. @throws CelError */
export function formatText(template: string, values: CelList): string {
  let next = 0
  const clauses = /%(?:(%)|(?:\.(\d+))?([a-zA-Z])|(.|$))/gs
  return template.replace(clauses, (_all, percent, precision, clause, other) => {
    if (percent) return '%'
    if (other !== undefined)
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${other}"`)
    const value = values.at(next)
    if (value === undefined) throw new CelError(`index ${next} out of range`)
    next++
    return formatClause(clause, precision === undefined ? undefined : Number(precision), value)
  })
}

function formatClause(clause: string, precision: number | undefined, value: CelValue): string {
  switch (clause) {
    case 's':
      return formatValue(value)
    case 'd':
      if (typeof value === 'bigint' || value instanceof CelUint) return String(integerOf(value))
      return typeof value === 'number' ? formatDouble(value) : wrong(clause, 'an integer', value)
    case 'f':
      return numberOf(clause, value).toFixed(precision ?? 6)
    case 'e': {
      const [mantissa = '', power = '0'] = numberOf(clause, value)
        .toExponential(precision ?? 6)
        .split('e')
      const exponent = Number(power)
      return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
    }
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0'
      if (typeof value === 'bigint' || value instanceof CelUint) return integerOf(value).toString(2)
      return wrong('b', 'integers and bools', value)
    case 'x':
    case 'X': {
      const text = hexadecimal(value)
      return clause === 'X' ? text.toUpperCase() : text
    }
    case 'o':
      if (typeof value === 'bigint' || value instanceof CelUint) return integerOf(value).toString(8)
      return wrong('o', 'integers', value)
    default:
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${clause}"`)
  }
}

function wrong(clause: string, expected: string, value: CelValue): never {
  throw new CelError(
    `error during formatting: %${clause} can only be used on ${expected}, was given ${typeNameOf(value)}`,
  )
}

function integerOf(value: bigint | CelUint): bigint {
  return typeof value === 'bigint' ? value : value.value
}

function numberOf(clause: string, value: CelValue): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint' || value instanceof CelUint) return Number(integerOf(value))
  return wrong(clause, 'numbers', value)
}

function hexadecimal(value: CelValue): string {
  if (typeof value === 'bigint' || value instanceof CelUint) return integerOf(value).toString(16)
  if (typeof value === 'string') return Buffer.from(value).toString('hex')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return wrong('x', 'integers, byte buffers, and strings', value)
}

/** As `%s` shows it; inside of lists and maps strings have quotes. */
export function formatValue(value: CelValue): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  if (value instanceof CelTimestamp) return formatTimestamp(value)
  if (value instanceof CelDuration) return formatDuration(value)
  return nested(value)
}

function nested(value: CelValue): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return formatDouble(value)
    case 'bigint':
    case 'boolean':
      return String(value)
  }
  if (value instanceof CelUint) return String(value.value)
  if (value instanceof CelTypeValue) return value.name
  if (value instanceof Uint8Array) return `b${JSON.stringify(Buffer.from(value).toString())}`
  if (value instanceof CelTimestamp) return `timestamp(${JSON.stringify(formatTimestamp(value))})`
  if (value instanceof CelDuration) return `duration(${JSON.stringify(formatDuration(value))})`
  if (value instanceof CelList) return `[${[...value].map(nested).join(', ')}]`
  if (value instanceof CelMap) {
    const entries = [...value.keys()].map((key) => `${nested(key)}: ${nested(value.get(key) as CelValue)}`)
    return `{${entries.sort().join(', ')}}`
  }
  throw new CelError(`error during formatting: no formatting function for ${typeNameOf(value)}`)
}
