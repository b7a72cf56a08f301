import { deepEqual } from '../../json.ts'
import type {
  FlowSchema,
  FlowSchemaSpec,
  LimitedPriorityLevelConfiguration,
  NonResourcePolicyRule,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
  ResourcePolicyRule,
  Subject,
} from '../../types/flowcontrol-v1.ts'
import type { Field } from '../field.ts'
import { isDns1123Label, isDns1123Subdomain } from '../formats.ts'
import { Unique } from '../rules.ts'
import type { Validator } from '../validator.ts'

const verbsOfApi = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'proxy',
  'update',
  'watch',
]
const mostPrecedence = 10_000
const mostQueues = 10_000_000
const hashBits = 60
/** Objects whose meaning the server relies on. */
const mandatory = new Set(['exempt', 'catch-all'])

function validateConditions(conditions: { type?: string }[] = [], field: Field): void {
  const types = new Unique()
  for (const [index, { type = '' }] of conditions.entries()) {
    const at = field.at('status', 'conditions').index(index).at('type')
    types.add(type, at)
    if (!type) at.required()
  }
}

function validateVerbs(verbs: string[] = [], field: Field): void {
  if (verbs.length === 0) field.required('verbs must contain at least one value')
  else if (!validateWildcard(verbs, 'verbs', field) && !verbs.every((verb) => verbsOfApi.includes(verb)))
    field.notSupported(verbs, verbsOfApi)
}

/** @returns whether there is one; then it has to be alone */
function validateWildcard(values: string[], name: string, field: Field): boolean {
  if (!values.includes('*')) return false
  if (values.length > 1) field.invalid(values, `if '*' is present, must not specify other ${name}`)
  return true
}

function validateResourceRule(rule: ResourcePolicyRule, field: Field): void {
  const { apiGroups = [], resources = [], namespaces = [], clusterScope } = rule
  validateVerbs(rule.verbs, field.at('verbs'))
  if (apiGroups.length === 0)
    field.at('apiGroups').required('resource rules must supply at least one api group')
  validateWildcard(apiGroups, 'api groups', field.at('apiGroups'))
  if (resources.length === 0)
    field.at('resources').required('resource rules must supply at least one resource')
  validateWildcard(resources, 'resources', field.at('resources'))
  const at = field.at('namespaces')
  if (namespaces.length === 0 && !clusterScope)
    at.required('resource rules that are not cluster scoped must supply at least one namespace')
  if (validateWildcard(namespaces, 'namespaces', at)) return
  for (const [index, name] of namespaces.entries()) {
    for (const message of isDns1123Label(name))
      at.index(index).invalid(name, `each member of this list must be '*' or a DNS-1123 label; ${message}`)
  }
}

function urlProblem(path: string): string | undefined {
  if (!path) return 'must not be empty'
  if (path === '/') return undefined
  if (!path.startsWith('/')) return 'must start with slash'
  if (path.includes(' ')) return 'must not contain white-space'
  if (path.includes('//')) return 'must not contain double slash'
  const star = path.indexOf('*')
  const isSuffix = star === path.length - 1 && path.endsWith('/*')
  return star < 0 || isSuffix ? undefined : 'wildcard can only do suffix matching'
}

function validateNonResourceRule({ verbs, nonResourceURLs = [] }: NonResourcePolicyRule, field: Field): void {
  validateVerbs(verbs, field.at('verbs'))
  const at = field.at('nonResourceURLs')
  if (nonResourceURLs.length === 0) at.required('nonResourceURLs must contain at least one value')
  if (validateWildcard(nonResourceURLs, 'non-resource URLs', at)) return
  for (const [index, path] of nonResourceURLs.entries()) {
    const problem = urlProblem(path)
    if (problem) at.index(index).invalid(path, problem)
  }
}

const subjectFields = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const

function validateSubject(subject: Subject, field: Field): void {
  const { kind = '' } = subject
  if (!Object.hasOwn(subjectFields, kind)) {
    field.at('kind').notSupported(kind, ['Group', 'ServiceAccount', 'User'])
    return
  }
  const name = subjectFields[kind as keyof typeof subjectFields]
  const at = field.at(name)
  const value = subject[name]
  if (!value) at.required(`${name} is required when subject kind is '${kind}'`)
  else if (!value.name) at.at('name').required()
  if (subject.serviceAccount && kind === 'ServiceAccount') {
    const account = subject.serviceAccount
    if (account.name && account.name !== '*')
      at.at('name').check(account.name, isDns1123Subdomain(account.name))
    if (account.namespace) at.at('namespace').check(account.namespace, isDns1123Label(account.namespace))
    else at.at('namespace').required('must specify namespace for service account')
  }
  for (const [other, otherName] of Object.entries(subjectFields)) {
    if (otherName !== name && subject[otherName])
      field.at(otherName).forbidden(`${otherName} is forbidden when subject kind is not '${other}'`)
  }
}

function validateSchema({ metadata, spec, status }: FlowSchema, field: Field): void {
  const given: Partial<FlowSchemaSpec> = spec ?? {}
  const { matchingPrecedence: precedence = 0, distinguisherMethod: method, rules = [] } = given
  const at = field.at('spec')
  const precedenceField = at.at('matchingPrecedence')
  if (precedence <= 0) precedenceField.invalid(precedence, 'must be a positive value')
  if (precedence > mostPrecedence)
    precedenceField.invalid(precedence, `must not be greater than ${mostPrecedence}`)
  if (precedence === 1 && metadata.name !== 'exempt')
    precedenceField.invalid(precedence, "only the schema named 'exempt' may have matchingPrecedence 1")
  const methods = ['ByNamespace', 'ByUser']
  if (method && !methods.includes(method.type))
    at.at('distinguisherMethod', 'type').notSupported(method, methods)
  const level = given.priorityLevelConfiguration?.name
  const levelField = at.at('priorityLevelConfiguration', 'name')
  if (level) levelField.check(level, isDns1123Subdomain(level))
  else levelField.required('must reference a priority level')
  for (const [index, rule] of rules.entries()) {
    const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule
    const here = at.at('rules').index(index)
    for (const [nth, subject] of subjects.entries()) validateSubject(subject, here.at('subjects').index(nth))
    if (subjects.length === 0) here.at('subjects').required('subjects must contain at least one value')
    if (resourceRules.length === 0 && nonResourceRules.length === 0)
      here.required('at least one of resourceRules and nonResourceRules has to be non-empty')
    for (const [nth, each] of resourceRules.entries())
      validateResourceRule(each, here.at('resourceRules').index(nth))
    for (const [nth, each] of nonResourceRules.entries())
      validateNonResourceRule(each, here.at('nonResourceRules').index(nth))
  }
  validateConditions(status?.conditions, field)
}

const flowSchemas: Validator<FlowSchema> = {
  create: validateSchema,
  update(next, old, subresource, field) {
    if (subresource === 'status') {
      validateConditions(next.status?.conditions, field)
      return
    }
    validateSchema(next, field)
    const { name = '' } = next.metadata
    if (mandatory.has(name) && !deepEqual(next.spec, old.spec))
      field.at('spec').invalid(next.spec, `spec of '${name}' must equal the fixed value`)
  },
}

function validateQueuing(queuing: QueuingConfiguration, field: Field): void {
  const { queueLengthLimit = 0, queues = 0, handSize = 0 } = queuing
  if (queueLengthLimit <= 0) field.at('queueLengthLimit').invalid(queueLengthLimit, 'must be positive')
  if (queues <= 0) field.at('queues').invalid(queues, 'must be positive')
  else if (queues > mostQueues) field.at('queues').invalid(queues, `must not be greater than ${mostQueues}`)
  const at = field.at('handSize')
  if (handSize <= 0) at.invalid(handSize, 'must be positive')
  else if (handSize > queues) at.invalid(handSize, `should not be greater than queues (${queues})`)
  else if (Math.ceil(Math.log2(queues) * handSize) > hashBits) {
    at.invalid(
      handSize,
      `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBits}`,
    )
  }
}

function validateShares({ nominalConcurrencyShares = 0, lendablePercent }: Shares, field: Field): void {
  if (nominalConcurrencyShares < 0) {
    field.at('nominalConcurrencyShares').invalid(nominalConcurrencyShares, 'must be a non-negative integer')
  }
  if (lendablePercent !== undefined && !(lendablePercent >= 0 && lendablePercent <= 100))
    field.at('lendablePercent').invalid(lendablePercent, 'must be between 0 and 100, inclusive')
}

type Shares = Pick<LimitedPriorityLevelConfiguration, 'nominalConcurrencyShares' | 'lendablePercent'>

function validateLimited(limited: LimitedPriorityLevelConfiguration, field: Field): void {
  validateShares(limited, field)
  const { borrowingLimitPercent: borrowing = 0 } = limited
  const { type = '', queuing } = limited.limitResponse ?? {}
  const at = field.at('limitResponse')
  if (type === 'Reject') {
    if (queuing) at.at('queuing').forbidden('must be nil if limited.limitResponse.type is not Limited')
  } else if (type !== 'Queue') {
    at.at('type').notSupported(type, ['Queue', 'Reject'])
  } else if (queuing) {
    validateQueuing(queuing, at.at('queuing'))
  } else {
    at.at('queuing').required('must not be empty if limited.limitResponse.type is Limited')
  }
  if (borrowing < 0) {
    field.at('borrowingLimitPercent').invalid(borrowing, 'if specified, must be a non-negative integer')
  }
}

function validateLevel({ metadata, spec, status }: PriorityLevelConfiguration, field: Field): void {
  const { type = '', limited, exempt }: Partial<PriorityLevelConfigurationSpec> = spec ?? {}
  const at = field.at('spec')
  if ((metadata.name === 'exempt') !== (type === 'Exempt'))
    at.at('type').invalid(type, "must be 'Exempt' if and only if `name` is 'exempt'")
  if (type === 'Exempt') {
    if (limited) at.at('limited').forbidden('must be nil if the type is not Limited')
    if (exempt) validateShares(exempt, at.at('exempt'))
  } else if (type === 'Limited') {
    if (exempt) at.at('exempt').forbidden('must be nil if the type is Limited')
    if (limited) validateLimited(limited, at.at('limited'))
    else at.at('limited').required('must not be empty when type is Limited')
  } else {
    at.at('type').notSupported(type, ['Exempt', 'Limited'])
  }
  validateConditions(status?.conditions, field)
}

const priorityLevels: Validator<PriorityLevelConfiguration> = {
  create: validateLevel,
  update(next, old, subresource, field) {
    if (subresource === 'status') {
      validateConditions(next.status?.conditions, field)
      return
    }
    validateLevel(next, field)
    const { name = '' } = next.metadata
    if (!mandatory.has(name)) return
    const { exempt: _, ...now } = next.spec ?? {}
    const { exempt: __, ...before } = old.spec ?? {}
    if (deepEqual(now, before)) return
    const but = name === 'exempt' ? " except the 'spec.exempt' field" : ''
    field.at('spec').invalid(next.spec, `spec of '${name}'${but} must equal the fixed value`)
  },
}

export const flowcontrolValidators = {
  'flowschemas.flowcontrol.apiserver.k8s.io': flowSchemas,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': priorityLevels,
}
