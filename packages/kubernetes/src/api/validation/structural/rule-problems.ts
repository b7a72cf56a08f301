import { checkCel } from '../../cel/cel.ts'
import { estimateCost } from '../../cel/estimate-cost.ts'
import { isJsonObject } from '../../json.ts'
import type { JSONSchemaProps, ValidationRule } from '../../types/apiextensions-v1.ts'
import type { Field } from '../field.ts'
import { type DeclaredType, declaredType, largestRequest } from './cel-types.ts'
import { compileRules, ruleEnvironment } from './compile-rules.ts'
import { ruleFieldPath } from './rule-field-path.ts'

const mostPerRule = 10_000_000
const mostPerSchema = 100_000_000

/** Where in a schema rules are looked at. */
interface Place {
  /** How many values there can be of what is here; undefined when nothing limits it. */
  count: number | undefined
  /** Path of the list around whose elements have no identity, so that it is unknown what was before. */
  uncorrelated?: string
  total: { cost: number }
}

/** What the rules of a definition's schema have against them; only for schemas that are fine otherwise. */
export function ruleProblems(schema: JSONSchemaProps, field: Field): void {
  const total = { cost: 0 }
  visit(schema, declaredType(schema, true, 'selfType'), { count: 1, total }, field, true)
  if (total.cost > mostPerSchema) {
    field.forbidden(
      costProblem(
        'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema',
        total.cost,
        mostPerSchema,
      ),
    )
  }
}

function visit(
  schema: JSONSchemaProps,
  declared: DeclaredType | undefined,
  place: Place,
  field: Field,
  isResource: boolean,
): void {
  if (schema['x-kubernetes-validations']?.length) checkRules(schema, declared, place, field)
  for (const [key, property] of Object.entries(schema.properties ?? {}))
    visitPart(property, place, field.at('properties').key(key), isResource && key === 'metadata')
  const { additionalProperties, items, maxProperties, maxItems } = schema
  if (isJsonObject(additionalProperties)) {
    const inner = { ...place, count: times(place.count, maxProperties) }
    visitPart(additionalProperties as JSONSchemaProps, inner, field.at('additionalProperties'))
  }
  if (isJsonObject(items)) {
    const correlated = schema['x-kubernetes-list-type'] === 'map'
    const uncorrelated = place.uncorrelated ?? (correlated ? undefined : field.path)
    const inner = {
      ...place,
      count: times(place.count, maxItems),
      ...(uncorrelated !== undefined && { uncorrelated }),
    }
    visitPart(items as JSONSchemaProps, inner, field.at('items'))
  }
}

function visitPart(schema: JSONSchemaProps, place: Place, field: Field, isMetadata = false): void {
  if (isMetadata) return
  const isResource = schema['x-kubernetes-embedded-resource'] ?? false
  visit(schema, declaredType(schema, isResource, 'selfType'), place, field, isResource)
}

function times(count: number | undefined, most: number | undefined): number | undefined {
  return count === undefined || most === undefined ? undefined : count * most
}

function checkRules(
  schema: JSONSchemaProps,
  declared: DeclaredType | undefined,
  place: Place,
  field: Field,
): void {
  const rules = field.at('x-kubernetes-validations')
  if (!declared) {
    rules.internal('failed to convert to declType for CEL validation rules')
    return
  }
  const count = place.count ?? Math.floor(largestRequest / (declared.minSize + 1))
  for (const [index, compiled] of compileRules(schema, declared.type).entries()) {
    const { rule, program, problem, message, messageProblem } = compiled
    const at = rules.index(index)
    if (rule.fieldPath && ruleFieldPath(rule.fieldPath, schema) === undefined)
      at.at('fieldPath').invalid(rule.fieldPath, 'must be a valid path')
    const environment = ruleEnvironment(declared.type, rule)
    const charge = (source: string, name: string, label: string): void => {
      const cost = estimateCost(checkCel(source, environment)) * count
      if (cost > mostPerRule) at.at(name).forbidden(costProblem(label, cost, mostPerRule))
      place.total.cost += cost
    }
    if (program) charge(rule.rule, 'rule', 'estimated rule cost')
    if (problem) at.at('rule').invalid(shown(rule), problem)
    if (messageProblem) at.at('messageExpression').invalid(shown(rule), messageProblem)
    if (message) charge(message.source, 'messageExpression', 'estimated messageExpression cost')
    if (program?.uses.has('oldSelf')) {
      if (place.uncorrelated !== undefined) {
        at.at('rule').invalid(
          rule.rule,
          `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelated}`,
        )
      }
    } else if (program && rule.optionalOldSelf !== undefined) {
      at.at('optionalOldSelf').invalid(rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule')
    }
  }
}

/** As Go's JSON shows upstream's internal type. */
function shown({
  rule,
  message,
  messageExpression,
  reason,
  fieldPath,
  optionalOldSelf,
}: ValidationRule): object {
  return {
    Rule: rule,
    Message: message ?? '',
    MessageExpression: messageExpression ?? '',
    Reason: reason ?? null,
    FieldPath: fieldPath ?? '',
    OptionalOldSelf: optionalOldSelf ?? null,
  }
}

function costProblem(name: string, cost: number, limit: number): string {
  const factor = cost / limit
  const text =
    factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`
  return `${name} exceeds budget by factor of ${text} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}
