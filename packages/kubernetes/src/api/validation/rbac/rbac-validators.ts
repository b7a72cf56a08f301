import { deepEqual } from '../../json.ts'
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../types/rbac-v1.ts'
import { isUsableSelector } from '../apps/pod-controllers.ts'
import type { Field } from '../field.ts'
import { isDns1123Subdomain, isPathSegment } from '../formats.ts'
import { hasInvalidLabelValue, validateLabelSelector } from '../labels.ts'
import { named } from '../rules.ts'
import type { Validator } from '../validator.ts'

const group = 'rbac.authorization.k8s.io'

function validateRule(rule: PolicyRule, namespaced: boolean, field: Field): void {
  const { verbs = [], nonResourceURLs = [], apiGroups = [], resources = [], resourceNames = [] } = rule
  if (verbs.length === 0) field.at('verbs').required('verbs must contain at least one value')
  if (nonResourceURLs.length > 0) {
    const at = field.at('nonResourceURLs')
    if (namespaced) at.invalid(nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs')
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0)
      at.invalid(nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs')
    return
  }
  if (apiGroups.length === 0)
    field.at('apiGroups').required('resource rules must supply at least one api group')
  if (resources.length === 0)
    field.at('resources').required('resource rules must supply at least one resource')
}

function validateRules(rules: PolicyRule[] | null | undefined, namespaced: boolean, field: Field): void {
  for (const [index, rule] of (rules ?? []).entries())
    validateRule(rule, namespaced, field.at('rules').index(index))
}

const roles: Validator<Role> = {
  create: (role, field) => validateRules(role.rules, true, field),
  update: (next, _old, _subresource, field) => validateRules(next.rules, true, field),
}

function validateClusterRole(role: ClusterRole, field: Field, old?: ClusterRole): void {
  validateRules(role.rules, false, field)
  if (!role.aggregationRule) return
  const at = field.at('aggregationRule', 'clusterRoleSelectors')
  const { clusterRoleSelectors: selectors = [] } = role.aggregationRule
  if (selectors.length === 0)
    at.required('at least one clusterRoleSelector required if aggregationRule is non-nil')
  const before = old?.aggregationRule?.clusterRoleSelectors ?? []
  const options = { allowInvalidValues: before.some(hasInvalidLabelValue) }
  for (const [index, selector] of selectors.entries()) {
    validateLabelSelector(selector, at.index(index), options)
    if (!isUsableSelector(selector)) at.index(index).invalid(undefined, 'invalid label selector.')
  }
}

const clusterRoles: Validator<ClusterRole> = {
  create: (role, field) => validateClusterRole(role, field),
  update: (next, old, _subresource, field) => validateClusterRole(next, field, old),
}

function validateSubject(subject: Subject, namespaced: boolean, field: Field): void {
  const { kind = '', apiGroup = '', name = '', namespace } = subject
  if (!name) field.at('name').required()
  switch (kind) {
    case 'ServiceAccount':
      if (name) field.at('name').check(name, isDns1123Subdomain(name))
      if (apiGroup) field.at('apiGroup').notSupported(apiGroup, [''])
      if (!namespaced && !namespace) field.at('namespace').required()
      break
    case 'User':
    case 'Group':
      if (apiGroup !== group) field.at('apiGroup').notSupported(apiGroup, [group])
      break
    default:
      field.at('kind').notSupported(kind, ['ServiceAccount', 'User', 'Group'])
  }
}

/** Bindings of namespaces (to roles of both sorts) or of the cluster. */
function bindings<T extends RoleBinding | ClusterRoleBinding>(namespaced: boolean): Validator<T> {
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']
  const validate = ({ roleRef, subjects }: T, field: Field): void => {
    const { apiGroup = '', kind = '', name = '' } = roleRef ?? {}
    const at = field.at('roleRef')
    if (apiGroup !== group) at.at('apiGroup').notSupported(apiGroup, [group])
    if (!kinds.includes(kind)) at.at('kind').notSupported(kind, kinds)
    named(name, isPathSegment, at.at('name'))
    for (const [index, subject] of (subjects ?? []).entries())
      validateSubject(subject, namespaced, field.at('subjects').index(index))
  }
  return {
    create: validate,
    update(next, old, _subresource, field) {
      validate(next, field)
      if (!deepEqual(next.roleRef, old.roleRef))
        field.at('roleRef').invalid(next.roleRef, 'cannot change roleRef')
    },
  }
}

export const rbacValidators = {
  [`clusterrolebindings.${group}`]: bindings<ClusterRoleBinding>(false),
  [`clusterroles.${group}`]: clusterRoles,
  [`rolebindings.${group}`]: bindings<RoleBinding>(true),
  [`roles.${group}`]: roles,
}
