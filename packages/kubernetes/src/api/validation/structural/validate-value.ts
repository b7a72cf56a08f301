import { goQuote } from '../../go-format.ts'
import { deepEqual, isJsonObject } from '../../json.ts'
import type { JSONSchemaProps } from '../../types/apiextensions-v1.ts'
import { Field } from '../field.ts'
import { isKnownFormat, matchesFormat } from './formats.ts'
import { goFloat } from './go-float.ts'
import { goRegExp } from './go-regexp.ts'

/** Old and new value of the same place; `old` is undefined where there was none or it cannot be told. */
interface Pair {
  value: unknown
  old: unknown
}

/** Problems with a value, and how much was looked at: of several alternatives the one that got furthest is complained about. */
interface Outcome {
  complaints: ((field: Field) => void)[]
  checks: number
}

/**
 * What a value of a custom resource has against its schema, in the words of kube-openapi's validator. What `old` had at
 * the same place already is left alone (CRDValidationRatcheting): unchanged fields, entries of maps and of `map` lists.
 */
export function validateValue(schema: JSONSchemaProps, value: unknown, old: unknown, field: Field): void {
  for (const complain of check(schema, { value, old }, '').complaints) complain(field)
}

function check(schema: JSONSchemaProps, { value, old }: Pair, path: string): Outcome {
  if (old !== undefined && value !== null && deepEqual(value, old)) return { complaints: [], checks: 1 }
  const outcome: Outcome = { complaints: [], checks: 0 }
  checkType(schema, value, path, outcome)
  if (value === null) {
    checkEnum(schema, value, path, outcome)
    return outcome
  }
  checkAlternatives(schema, { value, old }, path, outcome)
  if (typeof value === 'string') checkString(schema, value, path, outcome)
  if (typeof value === 'number') checkNumber(schema, value, path, outcome)
  if (Array.isArray(value)) checkList(schema, value, old, path, outcome)
  checkEnum(schema, value, path, outcome)
  if (isJsonObject(value)) checkObject(schema, value, old, path, outcome)
  return outcome
}

function complain(outcome: Outcome, path: string, tell: (field: Field) => void): void {
  outcome.complaints.push((root) => tell(path ? new Field(root.causes, join(root, path)) : root))
}

function join(root: Field, path: string): string {
  const relative = path.replace(/^\./, '')
  return root.path ? `${root.path}.${relative}` : relative
}

/** `spec.replicas in body should be …`. */
function invalid(outcome: Outcome, path: string, value: unknown, detail: string): void {
  complain(outcome, path, (field) => field.invalid(value, `${path} in body ${detail}`))
}

function merge(outcome: Outcome, other: Outcome): void {
  outcome.complaints.push(...other.complaints)
  outcome.checks += other.checks
}

function checkType(schema: JSONSchemaProps, value: unknown, path: string, outcome: Outcome): void {
  outcome.checks++
  const types = schema['x-kubernetes-int-or-string']
    ? ['integer', 'string']
    : schema.type
      ? [schema.type]
      : []
  if (types.length === 0) return
  const actual = typeOf(value)
  if (actual === 'null') {
    if (schema.nullable) return
  } else if (types.includes(actual) || (actual === 'integer' && types.includes('number'))) return
  const detail = `${path} in body must be of type ${types.join(',')}: ${goQuote(actual)}`
  complain(outcome, path, (field) => field.typeInvalid(actual, detail))
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function checkAlternatives(schema: JSONSchemaProps, pair: Pair, path: string, outcome: Outcome): void {
  const { anyOf, oneOf, allOf, not } = schema
  const tell = (detail: string): void => {
    // Errors of alternatives name no field.
    outcome.complaints.push((root) => root.invalid('', `${goQuote(path)} ${detail}`))
  }
  if (anyOf?.length) {
    const results = anyOf.map((each) => check(each, pair, path))
    if (!results.some(isGood)) {
      tell('must validate at least one schema (anyOf)')
      merge(outcome, furthest(results))
    }
  }
  if (oneOf?.length) {
    const results = oneOf.map((each) => check(each, pair, path))
    const good = results.filter(isGood).length
    if (good !== 1) {
      const found = good === 0 ? 'Found none valid' : `Found ${good} valid alternatives`
      tell(`must validate one and only one schema (oneOf). ${found}`)
      if (good === 0) merge(outcome, furthest(results))
    }
  }
  if (allOf?.length) {
    const results = allOf.map((each) => check(each, pair, path))
    for (const result of results) merge(outcome, result)
    const good = results.filter(isGood).length
    if (good !== allOf.length) {
      tell(`must validate all the schemas (allOf)${good === 0 ? '. None validated' : ''}`)
    }
  }
  if (not && isGood(check(not, pair, path))) tell('must not validate the schema (not)')
}

function isGood({ complaints }: Outcome): boolean {
  return complaints.length === 0
}

function furthest(results: readonly Outcome[]): Outcome {
  return results.reduce((best, result) => (result.checks > best.checks ? result : best))
}

function checkString(schema: JSONSchemaProps, value: string, path: string, outcome: Outcome): void {
  const { minLength, maxLength, pattern, format } = schema
  outcome.checks++
  const length = [...value].length
  if (maxLength !== undefined && length > maxLength) {
    complain(outcome, path, (field) => field.tooLong(maxLength))
  }
  if (minLength !== undefined && length < minLength) {
    invalid(outcome, path, value, `should be at least ${minLength} chars long`)
  }
  if (pattern && goRegExp(pattern)?.test(value) === false) {
    invalid(outcome, path, value, `should match '${pattern}'`)
  }
  if (format && isKnownFormat(format) && !matchesFormat(format, value)) {
    const detail = `${path} in body must be of type ${format}: ${goQuote(value)}`
    complain(outcome, path, (field) => field.typeInvalid(value, detail))
  }
}

function checkNumber(schema: JSONSchemaProps, value: number, path: string, outcome: Outcome): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  outcome.checks++
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) {
    invalid(outcome, path, value, `should be a multiple of ${goFloat(multipleOf)}`)
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    invalid(
      outcome,
      path,
      value,
      `should be less than ${exclusiveMaximum ? '' : 'or equal to '}${goFloat(maximum)}`,
    )
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    invalid(
      outcome,
      path,
      value,
      `should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${goFloat(minimum)}`,
    )
  }
}

function isMultiple(value: number, factor: number): boolean {
  return factor > 0 && Math.abs(value / factor - Math.round(value / factor)) < 1e-9
}

function checkList(
  schema: JSONSchemaProps,
  value: unknown[],
  old: unknown,
  path: string,
  outcome: Outcome,
): void {
  outcome.checks++
  const { items, minItems, maxItems, uniqueItems } = schema
  if (isJsonObject(items)) {
    const before = correlator(schema, old)
    for (const [index, element] of value.entries()) {
      merge(
        outcome,
        check(items as JSONSchemaProps, { value: element, old: before(element) }, `${path}[${index}]`),
      )
    }
  }
  if (minItems !== undefined && value.length < minItems) {
    invalid(outcome, path, value.length, `should have at least ${minItems} items`)
  }
  if (maxItems !== undefined && value.length > maxItems) {
    complain(outcome, path, (field) => field.tooMany(value.length, maxItems))
  }
  if (
    uniqueItems &&
    value.some((element, at) => value.slice(0, at).some((other) => deepEqual(element, other)))
  ) {
    invalid(outcome, path, undefined, "shouldn't contain duplicates")
  }
}

/** Finds the old state of an element; only `map` lists know which one that was. */
export function correlator(schema: JSONSchemaProps, old: unknown): (element: unknown) => unknown {
  const keys = schema['x-kubernetes-list-map-keys']
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys || !Array.isArray(old)) return () => undefined
  return (element) =>
    isJsonObject(element)
      ? old.find((other) => isJsonObject(other) && keys.every((key) => deepEqual(other[key], element[key])))
      : undefined
}

function checkEnum(schema: JSONSchemaProps, value: unknown, path: string, outcome: Outcome): void {
  const { enum: allowed } = schema
  if (!allowed?.length) return
  outcome.checks++
  if (value === null && schema.nullable) return
  if (allowed.some((each) => deepEqual(each, value))) return
  const texts = allowed.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
  complain(outcome, path, (field) => field.notSupported(value, texts))
}

function checkObject(
  schema: JSONSchemaProps,
  value: Record<string, unknown>,
  old: unknown,
  path: string,
  outcome: Outcome,
): void {
  outcome.checks++
  const { properties = {}, additionalProperties, required = [], minProperties, maxProperties } = schema
  const count = Object.keys(value).length
  const before = isJsonObject(old) ? old : {}
  const child = (key: string): string => (path ? `${path}.${key}` : key)
  if (minProperties !== undefined && count < minProperties) {
    invalid(outcome, path, count, `should have at least ${minProperties} properties`)
  }
  if (maxProperties !== undefined && count > maxProperties) {
    complain(outcome, path, (field) => field.tooMany(count, maxProperties))
  }
  if (isJsonObject(additionalProperties)) {
    for (const key in value) {
      if (key in properties) continue
      const pair = { value: value[key], old: before[key] }
      merge(outcome, check(additionalProperties as JSONSchemaProps, pair, `${path}.${key}`))
    }
  }
  for (const key in properties) {
    if (value[key] === undefined) continue
    merge(outcome, check(properties[key]!, { value: value[key], old: before[key] }, child(key)))
  }
  for (const key of required) {
    if (value[key] === undefined) complain(outcome, `${path}.${key}`, (field) => field.required())
  }
}
