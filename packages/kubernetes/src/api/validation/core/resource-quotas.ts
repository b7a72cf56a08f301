import { deepEqual } from '../../json.ts'
import type { ResourceQuota, ResourceQuotaSpec } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { fieldIsImmutable } from '../immutable.ts'
import type { Validator } from '../validator.ts'
import { isStandardQuotaResource, validateQuotaResourceName, validateResourceQuantity } from './resources.ts'

const scopes = new Set([
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'VolumeAttributesClass',
  'CrossNamespacePodAffinity',
])

const computeNames = new Set([
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
])

const claimNames = new Set(['persistentvolumeclaims', 'requests.storage'])

function mayScope(scope: string, name: string): boolean {
  switch (scope) {
    case 'BestEffort':
      return name === 'pods'
    case 'VolumeAttributesClass':
      return claimNames.has(name)
    case 'Terminating':
    case 'NotTerminating':
    case 'NotBestEffort':
    case 'PriorityClass':
    case 'CrossNamespacePodAffinity':
      return name === 'pods' || computeNames.has(name)
    default:
      return true
  }
}

const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
]

function validateAmounts(list: Record<string, string> | undefined, field: Field): void {
  for (const [name, value] of Object.entries(list ?? {})) {
    const here = field.key(name)
    validateQuotaResourceName(name, here)
    validateResourceQuantity(name, value, here)
  }
}

function validateSpec(spec: ResourceQuotaSpec, field: Field): void {
  validateAmounts(spec.hard, field.at('hard'))
  const names = Object.keys(spec.hard ?? {})
    .filter(isStandardQuotaResource)
    .sort()
  if (spec.scopes?.length) {
    const at = field.at('scopes')
    for (const scope of spec.scopes) {
      if (!scopes.has(scope)) at.invalid(spec.scopes, 'unsupported scope')
      for (const name of names)
        if (!mayScope(scope, name)) at.invalid(spec.scopes, 'unsupported scope applied to resource')
    }
    for (const pair of opposites)
      if (pair.every((scope) => spec.scopes?.includes(scope))) at.invalid(spec.scopes, 'conflicting scopes')
  }
  const expressions = spec.scopeSelector?.matchExpressions ?? []
  const at = field.at('scopeSelector', 'matchExpressions')
  for (const { scopeName, operator, values = [] } of expressions) {
    if (!scopes.has(scopeName)) at.at('scopeName').invalid(scopeName, 'unsupported scope')
    for (const name of names)
      if (!mayScope(scopeName, name)) at.invalid(spec.scopeSelector, 'unsupported scope applied to resource')
    if (
      operator !== 'Exists' &&
      !['PriorityClass', 'VolumeAttributesClass'].includes(scopeName) &&
      scopes.has(scopeName)
    )
      at.at('operator').invalid(
        operator,
        "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
      )
    switch (operator) {
      case 'In':
      case 'NotIn':
        if (values.length === 0)
          at.at('values').required(
            "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
          )
        break
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0)
          at.at('values').invalid(
            values,
            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
          )
        break
      default:
        at.at('operator').invalid(operator, 'not a valid selector operator')
    }
  }
  for (const pair of opposites)
    if (pair.every((scope) => expressions.some((expression) => expression.scopeName === scope)))
      at.invalid(spec.scopes ?? null, 'conflicting scopes')
}

export const resourceQuotas: Validator<ResourceQuota> = {
  create({ spec, status }, field) {
    validateSpec(spec ?? {}, field.at('spec'))
    for (const kind of ['hard', 'used'] as const) validateAmounts(status?.[kind], field.at('status', kind))
  },
  update(next, old, subresource, field) {
    if (subresource === 'status') {
      for (const kind of ['hard', 'used'] as const)
        validateAmounts(next.status?.[kind], field.at('status', kind))
      return
    }
    validateSpec(next.spec ?? {}, field.at('spec'))
    const now = [...new Set(next.spec?.scopes)].sort()
    const before = [...new Set(old.spec?.scopes)].sort()
    if (!deepEqual(now, before))
      field.at('spec', 'scopes').invalid(next.spec?.scopes ?? null, fieldIsImmutable)
  },
}
