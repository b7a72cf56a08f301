import type { CelBudget, CelProgram } from '../../cel/cel.ts'
import { CelCostError, CelError } from '../../cel/cel-error.ts'
import type { CelType } from '../../cel/cel-type.ts'
import { celFromJson } from '../../cel/json.ts'
import { CelOptional, type CelValue, none } from '../../cel/values.ts'
import { deepEqual, isJsonObject } from '../../json.ts'
import type { JSONSchemaProps, ValidationRule } from '../../types/apiextensions-v1.ts'
import type { Field } from '../field.ts'
import { declaredType } from './cel-types.ts'
import { type CompiledRule, compileRules } from './compile-rules.ts'
import { ruleFieldPath } from './rule-field-path.ts'
import { correlator } from './validate-value.ts'

/** What all rules of one object may cost together. */
const budgetOfObject = 10_000_000
const longestMessage = 5 * 1024

interface Rules {
  type: CelType
  compiled: CompiledRule[]
}

/** Rules by the schema that they stand in; compiled when the first value comes. */
const rulesOf = new WeakMap<JSONSchemaProps, Rules | undefined>()
const isRuled = new WeakMap<JSONSchemaProps, boolean>()

/** Whether there are rules anywhere in a schema. */
export function hasRules(schema: JSONSchemaProps): boolean {
  const known = isRuled.get(schema)
  if (known !== undefined) return known
  const { items, additionalProperties, properties = {}, allOf = [] } = schema
  const parts = [items, additionalProperties, ...Object.values(properties), ...allOf]
  const found =
    Boolean(schema['x-kubernetes-validations']?.length) ||
    parts.some((part) => isJsonObject(part) && hasRules(part as JSONSchemaProps))
  isRuled.set(schema, found)
  return found
}

/**
 * The `x-kubernetes-validations` of a schema against a value. `old` is what was in the same place (undefined for new
 * ones): rules about changes look at it, and what has not changed since may go on breaking the others.
 */
export function validateRules(
  schema: JSONSchemaProps,
  value: unknown,
  old: unknown,
  field: Field,
  isResource = true,
): void {
  if (!hasRules(schema)) return
  try {
    new RuleCheck().visit(schema, { value, old, correlated: old !== undefined }, field, isResource)
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error
  }
}

interface Pair {
  value: unknown
  old: unknown
  /** `old` is known to be what was here before. */
  correlated: boolean
  /** The nearest known place around is as it was. */
  unchangedAround?: boolean
}

/** Nothing more is looked at; it has been complained about. */
class OutOfBudget extends Error {}

class RuleCheck {
  readonly #budget: CelBudget = { left: budgetOfObject }

  visit(schema: JSONSchemaProps, pair: Pair, field: Field, isResource: boolean): void {
    const { value } = pair
    if (value === undefined || value === null) return
    if (schema['x-kubernetes-validations']?.length) this.#rules(schema, schema, pair, field, isResource)
    for (const part of schema.allOf ?? [])
      if (part['x-kubernetes-validations']?.length) this.#rules(part, schema, pair, field, isResource)
    if (Array.isArray(value)) this.#elements(schema, value, pair, field)
    else if (isJsonObject(value)) this.#fields(schema, value, pair, field)
  }

  #elements(schema: JSONSchemaProps, value: unknown[], pair: Pair, field: Field): void {
    if (!isJsonObject(schema.items) || !hasRules(schema.items as JSONSchemaProps)) return
    const before = correlator(schema, pair.old)
    for (const [index, element] of value.entries())
      this.#part(schema.items as JSONSchemaProps, element, before(element), pair, field.index(index))
  }

  #fields(schema: JSONSchemaProps, value: Record<string, unknown>, pair: Pair, field: Field): void {
    const before = isJsonObject(pair.old) ? pair.old : {}
    const { properties = {}, additionalProperties } = schema
    for (const key in value) {
      const own = Object.hasOwn(properties, key) ? properties[key] : undefined
      if (own) {
        if (hasRules(own)) this.#part(own, value[key], before[key], pair, field.at(key))
      } else if (isJsonObject(additionalProperties)) {
        this.#part(additionalProperties as JSONSchemaProps, value[key], before[key], pair, field.key(key))
      }
    }
  }

  #part(schema: JSONSchemaProps, value: unknown, old: unknown, around: Pair, field: Field): void {
    const pair: Pair = {
      value,
      old,
      correlated: around.correlated && old !== undefined,
      unchangedAround: around.correlated ? deepEqual(around.value, around.old) : around.unchangedAround,
    }
    this.visit(schema, pair, field, schema['x-kubernetes-embedded-resource'] ?? false)
  }

  /** `ruled` has the rules, `schema` the type. */
  #rules(
    ruled: JSONSchemaProps,
    schema: JSONSchemaProps,
    pair: Pair,
    field: Field,
    isResource: boolean,
  ): void {
    const rules = compiledRules(ruled, schema, isResource)
    if (!rules) {
      field.invalid(
        schema.type ?? '',
        'rule compiler initialization error: failed to convert to declType for CEL validation rules',
      )
      return
    }
    if (this.#budget.left <= 0) this.#outOfBudget(schema, field)
    const self = lazily(() => celFromJson(pair.value, rules.type))
    const oldSelf = lazily(() => celFromJson(pair.old, rules.type))
    for (const each of rules.compiled) {
      if (each.problem !== undefined) field.invalid(schema.type ?? '', `rule compile error: ${each.problem}`)
      if (!each.program) continue
      const hasOld = pair.old !== undefined && pair.old !== null
      const usesOld = each.program.uses.has('oldSelf')
      if (usesOld && !hasOld && !each.rule.optionalOldSelf) continue
      const variables = (name: string): CelValue | undefined => {
        if (name === 'self') return self()
        if (name !== 'oldSelf') return undefined
        if (!each.rule.optionalOldSelf) return oldSelf()
        return hasOld ? new CelOptional(oldSelf()) : none
      }
      if (this.#holds(each, variables, schema, field)) continue
      if (!usesOld && isAsBefore(pair)) continue
      this.#complain(each, variables, schema, pair.value, field)
    }
  }

  /** True also for rules that could not be computed, which have been complained about. */
  #holds(
    { rule, program }: CompiledRule,
    variables: Variables,
    schema: JSONSchemaProps,
    field: Field,
  ): boolean {
    const type = schema.type ?? ''
    const text = (rule.message || rule.rule).trim()
    try {
      return (program as CelProgram).evaluate(variables, this.#budget) === true
    } catch (error) {
      if (!(error instanceof CelError)) throw error
      const { message } = error
      if (error instanceof CelCostError) {
        if (this.#budget.left <= 0) this.#outOfBudget(schema, field)
        field.invalid(
          type,
          `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`,
        )
        throw new OutOfBudget()
      }
      field.invalid(
        type,
        message.startsWith('no such overload')
          ? `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`
          : `${message} evaluating rule: ${text}`,
      )
      return true
    }
  }

  #outOfBudget(schema: JSONSchemaProps, field: Field): never {
    field.invalid(
      schema.type ?? '',
      'validation failed due to running out of cost budget, no further validation rules will be run',
    )
    throw new OutOfBudget()
  }

  #complain(
    compiled: CompiledRule,
    variables: Variables,
    schema: JSONSchemaProps,
    value: unknown,
    field: Field,
  ): void {
    const { rule } = compiled
    const path = rule.fieldPath ? ruleFieldPath(rule.fieldPath, schema) : undefined
    const at =
      path === undefined ? field : path.startsWith('[') ? field.key(path.slice(1, -1)) : field.at(path)
    const detail = this.#message(compiled, variables) ?? ruleMessage(rule)
    const isWhole = schema.type === 'object' || schema.type === 'array'
    switch (rule.reason) {
      case 'FieldValueForbidden':
        at.forbidden(detail)
        break
      case 'FieldValueRequired':
        at.required(detail)
        break
      case 'FieldValueDuplicate':
        at.duplicate(isWhole ? undefined : value)
        break
      default:
        if (isWhole) at.invalidAsWhole(detail)
        else at.invalid(value, detail)
    }
  }

  /** Undefined when there is none, or none that can be shown. */
  #message({ message }: CompiledRule, variables: Variables): string | undefined {
    try {
      const text = message?.evaluate(variables, this.#budget)
      const trimmed = typeof text === 'string' ? text.trim() : ''
      const isFine = trimmed && Buffer.byteLength(trimmed) <= longestMessage && !trimmed.includes('\n')
      return isFine ? trimmed : undefined
    } catch (error) {
      if (!(error instanceof CelError)) throw error
      return undefined
    }
  }
}

type Variables = (name: string) => CelValue | undefined

function isAsBefore({ value, old, correlated, unchangedAround }: Pair): boolean {
  return correlated ? deepEqual(value, old) : (unchangedAround ?? false)
}

function ruleMessage({ rule, message }: ValidationRule): string {
  return message ? message.trim() : `failed rule: ${rule.trim()}`
}

function compiledRules(
  ruled: JSONSchemaProps,
  schema: JSONSchemaProps,
  isResource: boolean,
): Rules | undefined {
  if (rulesOf.has(ruled)) return rulesOf.get(ruled)
  const declared = declaredType(schema, isResource, 'selfType')
  const rules = declared && { type: declared.type, compiled: compileRules(ruled, declared.type) }
  rulesOf.set(ruled, rules)
  return rules
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
