import type { AdmissionExpressions } from '../../cel/admission.ts'
import type { CelType } from '../../cel/cel-type.ts'
import { isCelIdentifier } from '../../cel/field-names.ts'
import { deepEqual } from '../../json.ts'
import type {
  AuditAnnotation,
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicySpec,
  Mutation,
  ParamKind,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicySpec,
  Validation,
  Variable,
} from '../../types/admissionregistration-v1.ts'
import { validateConditions } from '../conditions.ts'
import type { Field } from '../field.ts'
import { isDns1035Label, isDns1123Subdomain, isQualifiedName } from '../formats.ts'
import { oneOf, oneOfIfSet, Unique } from '../rules.ts'
import type { Validator } from '../validator.ts'
import { validateExpression, validateMatchConditions } from './expressions.ts'
import { validateMatchResources } from './matching.ts'

const mostAnnotations = 20
const longestAnnotationExpression = 5 * 1024
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']

type Spec = ValidatingAdmissionPolicySpec | MutatingAdmissionPolicySpec

function validateParamKind({ apiVersion = '', kind = '' }: ParamKind, field: Field): void {
  const at = field.at('apiVersion')
  const parts = apiVersion.split('/')
  const version = parts.at(-1) ?? ''
  const group = parts.length === 2 ? (parts[0] ?? '') : ''
  if (!apiVersion) at.required()
  else if (parts.length > 2) at.invalid(apiVersion, `unexpected GroupVersion string: ${apiVersion}`)
  else {
    if (group) join(group, isDns1123Subdomain(group), at)
    if (version) join(version, isDns1035Label(version), at)
    else at.invalid(apiVersion, 'version must be specified')
  }
  if (!kind) {
    field.at('kind').required()
    return
  }
  const problems = isDns1035Label(kind.toLowerCase())
  if (problems.length > 0) {
    field.at('kind').invalid(kind, `may have mixed case, but should otherwise match: ${problems.join(',')}`)
  }
}

function join(value: string, problems: string[], field: Field): void {
  if (problems.length > 0) field.invalid(value, problems.join(','))
}

/** What both sorts of policies say. @returns what their expressions may speak of */
function validateCommon(spec: Spec, old: Spec | undefined, field: Field): AdmissionExpressions {
  if (spec.failurePolicy === undefined) field.at('failurePolicy').required()
  oneOfIfSet(spec.failurePolicy, ['Fail', 'Ignore'], field.at('failurePolicy'))
  if (spec.paramKind) validateParamKind(spec.paramKind, field.at('paramKind'))
  validateConstraints(spec.matchConstraints, field.at('matchConstraints'))
  const params = spec.paramKind !== undefined
  const sameConditions =
    old && deepEqual(spec.paramKind, old.paramKind) && deepEqual(spec.matchConditions, old.matchConditions)
  if (!sameConditions)
    validateMatchConditions(spec.matchConditions ?? [], params, field.at('matchConditions'))
  return { params, authorizer: true }
}

function validateConstraints(match: MatchResources | undefined, field: Field): void {
  if (!match) {
    field.required()
    return
  }
  validateMatchResources(match, field)
  if (!match.resourceRules?.length) field.at('resourceRules').required()
}

/** Each variable may speak of those before. @returns what expressions may speak of now */
function validateVariables(
  list: Variable[],
  options: AdmissionExpressions,
  field: Field,
): AdmissionExpressions {
  if (list.length === 0) return options
  const variables: Record<string, CelType> = {}
  for (const [index, { name = '', expression = '' }] of list.entries()) {
    const at = field.index(index)
    if (!name.trim()) at.at('name').required('name is not specified')
    else if (!isCelIdentifier(name)) at.at('name').invalid(name, 'must be a valid CEL identifier')
    const own = { ...options, variables }
    if (expression.trim()) variables[name] = validateExpression(expression, own, [], at.at('expression'))
    else at.at('expression').required('expression is not specified')
  }
  return { ...options, variables }
}

function validateValidation(validation: Validation, options: AdmissionExpressions, field: Field): void {
  const { expression = '', message = '', messageExpression = '', reason } = validation
  if (expression.trim()) validateExpression(expression, options, ['bool'], field.at('expression'))
  else field.at('expression').required('expression is not specified')
  const at = field.at('messageExpression')
  if (messageExpression.trim())
    validateExpression(messageExpression, { ...options, authorizer: false }, ['string'], at)
  else if (messageExpression) at.invalid(messageExpression, 'must be non-empty if specified')
  if (message && !message.trim()) field.at('message').invalid(message, 'must be non-empty if specified')
  else if (/[\r\n]/.test(message.trim())) field.at('message').invalid(message, 'must not contain line breaks')
  oneOfIfSet(reason, reasons, field.at('reason'))
}

function validateAnnotation(
  { key = '', valueExpression = '' }: AuditAnnotation,
  policy: string | undefined,
  options: AdmissionExpressions,
  field: Field,
): void {
  if (policy) field.at('key').check(`${policy}/${key}`, isQualifiedName(`${policy}/${key}`))
  else field.at('key').invalid(key, 'requires metadata.name be non-empty')
  const source = valueExpression.trim()
  const at = field.at('valueExpression')
  if (!source) at.required('valueExpression is not specified')
  else if (source.length > longestAnnotationExpression)
    at.required(`must not exceed ${longestAnnotationExpression} bytes in length`)
  else validateExpression(source, options, ['string', 'null_type'], at)
}

function validateValidating(
  { metadata, spec = {} }: ValidatingAdmissionPolicy,
  old: ValidatingAdmissionPolicy | undefined,
  field: Field,
): void {
  const at = field.at('spec')
  const options = validateVariables(
    spec.variables ?? [],
    validateCommon(spec, old?.spec, at),
    at.at('variables'),
  )
  const { validations = [], auditAnnotations = [] } = spec
  if (validations.length === 0 && auditAnnotations.length === 0) {
    for (const name of ['validations', 'auditAnnotations'])
      at.at(name).required('validations or auditAnnotations must contain at least one item')
    return
  }
  for (const [index, validation] of validations.entries())
    validateValidation(validation, options, at.at('validations').index(index))
  if (auditAnnotations.length > mostAnnotations) {
    at.at('auditAnnotations').invalid(
      auditAnnotations,
      `must not have more than ${mostAnnotations} auditAnnotations`,
    )
  }
  const keys = new Unique()
  for (const [index, annotation] of auditAnnotations.entries()) {
    const here = at.at('auditAnnotations').index(index)
    validateAnnotation(annotation, metadata.name, options, here)
    keys.add(annotation.key ?? '', here.at('key'))
  }
}

function validatePolicyStatus({ status = {} }: ValidatingAdmissionPolicy, field: Field): void {
  for (const [index, { fieldRef, warning }] of (status.typeChecking?.expressionWarnings ?? []).entries()) {
    const at = field.at('typeChecking', 'expressionWarnings').index(index)
    if (!warning) at.at('warning').required()
    if (!fieldRef?.trim()) at.at('fieldRef').required()
  }
  validateConditions(status.conditions, field.at('conditions'))
}

export const validatingAdmissionPolicies: Validator<ValidatingAdmissionPolicy> = {
  create: (object, field) => validateValidating(object, undefined, field),
  update(next, old, subresource, field) {
    if (subresource === 'status') validatePolicyStatus(next, field.at('status'))
    else validateValidating(next, old, field)
  },
}

/** The field of each sort of patch, and what its expression makes. */
const patches = {
  ApplyConfiguration: ['applyConfiguration', 'Object'],
  JSONPatch: ['jsonPatch', 'list(JSONPatch)'],
} as const

function validateMutation(mutation: Mutation, options: AdmissionExpressions, field: Field): void {
  const { patchType } = mutation
  if (patchType !== 'ApplyConfiguration' && patchType !== 'JSONPatch') {
    oneOf(patchType, ['ApplyConfiguration', 'JSONPatch'], field.at('patchType'))
    return
  }
  const [name, type] = patches[patchType]
  const at = field.at(name)
  const source = mutation[name]?.expression?.trim()
  if (!mutation[name]) at.required(`must be specified when patchType is ${patchType}`)
  else if (source) validateExpression(source, { ...options, patches: true }, [type], at.at('expression'))
  else at.at('expression').required()
  const other = name === 'jsonPatch' ? 'applyConfiguration' : 'jsonPatch'
  if (mutation[other])
    field.at(other).invalid(`{${other}}`, `must not be specified when patchType is ${patchType}`)
}

function validateMutating(
  { spec = {} }: MutatingAdmissionPolicy,
  old: MutatingAdmissionPolicy | undefined,
  field: Field,
): void {
  const at = field.at('spec')
  const common = validateCommon(spec, old?.spec, at)
  for (const { operations = [] } of spec.matchConstraints?.resourceRules ?? []) {
    for (const operation of operations) {
      oneOfIfSet(
        operation,
        ['*', 'CONNECT', 'CREATE', 'UPDATE'],
        at.at('matchConstraints', 'resourceRules', 'operations'),
      )
    }
  }
  const options = validateVariables(spec.variables ?? [], common, at.at('variables'))
  const { mutations = [] } = spec
  if (mutations.length === 0) at.at('mutations').required('mutations must contain at least one item')
  for (const [index, mutation] of mutations.entries())
    validateMutation(mutation, options, at.at('mutations').index(index))
  oneOf(spec.reinvocationPolicy, ['IfNeeded', 'Never'], at.at('reinvocationPolicy'))
}

export const mutatingAdmissionPolicies: Validator<MutatingAdmissionPolicy> = {
  create: (object, field) => validateMutating(object, undefined, field),
  update: (next, old, _subresource, field) => validateMutating(next, old, field),
}
