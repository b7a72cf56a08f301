import type {
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../../types/admissionregistration-v1.ts'
import type { Field } from '../field.ts'
import { isPathSegment } from '../formats.ts'
import { validateLabelSelector } from '../labels.ts'
import { oneOfIfSet, Unique } from '../rules.ts'

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']

/** Not empty, and `*` only alone. */
function validateList(values: string[], name: string, field: Field): void {
  if (values.length === 0) field.required()
  if (values.length > 1 && values.includes('*'))
    field.invalid(values, `if '*' is present, must not specify other ${name}`)
}

/** What of the API a rule is about. */
export function validateRule(rule: RuleWithOperations, field: Field): void {
  const { apiGroups = [], apiVersions = [], resources = [] } = rule
  const given = rule.operations ?? []
  validateList(given, 'operations', field.at('operations'))
  for (const [index, operation] of given.entries())
    oneOfIfSet(operation, operations, field.at('operations').index(index))
  validateList(apiGroups, 'API groups', field.at('apiGroups'))
  validateList(apiVersions, 'API versions', field.at('apiVersions'))
  for (const [index, version] of apiVersions.entries())
    if (!version) field.at('apiVersions').index(index).required()
  validateResources(resources, field.at('resources'))
  oneOfIfSet(rule.scope, ['*', 'Cluster', 'Namespaced'], field.at('scope'))
}

function validateResources(resources: string[], field: Field): void {
  if (resources.length === 0) field.required()
  const withAnySubresource = new Set<string>()
  const ofAnyResource = new Set<string>()
  let hasPlain = false
  for (const [index, value] of resources.entries()) {
    const at = field.index(index)
    if (!value) {
      at.required()
      continue
    }
    const slash = value.indexOf('/')
    if (slash < 0) {
      hasPlain = value !== '*'
      continue
    }
    const resource = value.slice(0, slash)
    const subresource = value.slice(slash + 1)
    if (withAnySubresource.has(resource))
      at.invalid(value, `if '${resource}/*' is present, must not specify ${value}`)
    if (ofAnyResource.has(subresource))
      at.invalid(value, `if '*/${subresource}' is present, must not specify ${value}`)
    if (subresource === '*') withAnySubresource.add(resource)
    if (resource === '*') ofAnyResource.add(subresource)
  }
  if (resources.length > 1 && resources.includes('*/*'))
    field.invalid(resources, "if '*/*' is present, must not specify other resources")
  if (resources.includes('*') && hasPlain)
    field.invalid(resources, "if '*' is present, must not specify other resources without subresources")
}

function validateNamedRule(rule: NamedRuleWithOperations, field: Field): void {
  const names = new Unique()
  for (const [index, name] of (rule.resourceNames ?? []).entries()) {
    const at = field.at('resourceNames').index(index)
    at.check(name, isPathSegment(name))
    names.add(name, at)
  }
  validateRule(rule, field)
}

export function validateMatchResources(match: MatchResources, field: Field): void {
  const { matchPolicy, namespaceSelector, objectSelector } = match
  if (matchPolicy === undefined) field.at('matchPolicy').required()
  oneOfIfSet(matchPolicy, ['Equivalent', 'Exact'], field.at('matchPolicy'))
  if (!namespaceSelector) field.at('namespaceSelector').required()
  validateLabelSelector(namespaceSelector, field.at('namespaceSelector'))
  if (!objectSelector) field.at('objectSelector').required()
  validateLabelSelector(objectSelector, field.at('objectSelector'))
  for (const name of ['resourceRules', 'excludeResourceRules'] as const) {
    for (const [index, rule] of (match[name] ?? []).entries())
      validateNamedRule(rule, field.at(name).index(index))
  }
}
