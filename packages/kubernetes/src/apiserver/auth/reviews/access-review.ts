import { ApiError, type StatusCause } from '../../../api/api-error.ts'
import type { KubeObject } from '../../../api/kube-object.ts'
import type { AuthorizationAttributes, Authorizer } from '../authorizer.ts'
import type { CreateHandler } from '../create-handler.ts'
import type { UserInfo } from '../user-info.ts'

interface Selector {
  rawSelector?: string
  requirements?: { key: string; operator: string; values?: string[] }[]
}

interface ReviewSpec {
  resourceAttributes?: {
    namespace?: string
    verb?: string
    group?: string
    version?: string
    resource?: string
    subresource?: string
    name?: string
    fieldSelector?: Selector
    labelSelector?: Selector
  }
  nonResourceAttributes?: { path?: string; verb?: string }
  user?: string
  groups?: string[]
  uid?: string
  extra?: Record<string, string[]>
}

interface Review extends KubeObject {
  spec?: ReviewSpec
}

/** `create` of SubjectAccessReview, SelfSubjectAccessReview or LocalSubjectAccessReview: may this user do that? */
export function createAccessReviewHandler(
  kind: 'SubjectAccessReview' | 'SelfSubjectAccessReview' | 'LocalSubjectAccessReview',
  authorizer: Authorizer,
): CreateHandler {
  const self = kind === 'SelfSubjectAccessReview'
  return async ({ object, namespace, user }) => {
    const review = object as Review
    const spec = review.spec ?? {}
    const causes = validate(review, kind, namespace)
    if (causes.length > 0) throw ApiError.invalid('authorization.k8s.io', kind, '', causes)
    const subject: UserInfo = self
      ? user
      : {
          username: spec.user ?? '',
          groups: spec.groups ?? [],
          ...(spec.uid && { uid: spec.uid }),
          ...(spec.extra && { extra: spec.extra }),
        }
    const { allowed, denied, reason } = authorizer.authorize(attributesOf(subject, spec))
    const status = { allowed, ...(denied && { denied }), ...(reason && { reason }) }
    return { ...review, apiVersion: 'authorization.k8s.io/v1', kind, status }
  }
}

function attributesOf(user: UserInfo, spec: ReviewSpec): AuthorizationAttributes {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec
  if (!resource) return { user, verb: path?.verb ?? '', path: path?.path ?? '' }
  const { fieldSelector, labelSelector } = resource
  return {
    user,
    verb: resource.verb ?? '',
    group: resource.group ?? '',
    version: resource.version || '*',
    resource: resource.resource ?? '',
    subresource: resource.subresource ?? '',
    namespace: resource.namespace ?? '',
    name: resource.name ?? '',
    ...(fieldSelector && { fieldSelector: selectorText(fieldSelector) }),
    ...(labelSelector && { labelSelector: selectorText(labelSelector) }),
  }
}

/** Requirements as the text of a selector; those that cannot be one only narrow the question and are left out. */
function selectorText({ rawSelector, requirements = [] }: Selector): string {
  if (rawSelector) return rawSelector
  return requirements
    .flatMap(({ key, operator, values = [] }) => {
      if (operator === 'Exists') return [key]
      if (operator === 'DoesNotExist') return [`!${key}`]
      if (operator === 'In') return [values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values})`]
      if (operator === 'NotIn')
        return [values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values})`]
      return []
    })
    .join(',')
}

function validate(review: Review, kind: string, namespace: string): StatusCause[] {
  const { metadata = {}, spec = {} } = review
  const causes: StatusCause[] = []
  const invalid = (field: string, value: unknown, message: string): void => {
    causes.push({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${value === undefined ? 'null' : JSON.stringify(value)}: ${message}`,
      field,
    })
  }
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec
  if (resource && path) {
    invalid('spec.nonResourceAttributes', path, 'cannot be specified in combination with resourceAttributes')
  }
  if (!resource && !path) {
    invalid(
      'spec.resourceAttributes',
      undefined,
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    )
  }
  if (kind !== 'SelfSubjectAccessReview' && !spec.user && !spec.groups?.length) {
    invalid('spec.user', '', 'at least one of user or group must be specified')
  }
  for (const name of ['fieldSelector', 'labelSelector'] as const) {
    const selector = resource?.[name]
    const field = `spec.resourceAttributes.${name}`
    if (!selector) continue
    if (selector.rawSelector && selector.requirements?.length) {
      invalid(
        `${field}.rawSelector`,
        selector.rawSelector,
        'may not specified at the same time as requirements',
      )
    } else if (!selector.rawSelector && !selector.requirements?.length) {
      causes.push({
        reason: 'FieldValueRequired',
        message: `Required value: when ${field} is specified, requirements or rawSelector is required`,
        field: `${field}.requirements`,
      })
    }
  }
  if (kind === 'LocalSubjectAccessReview') {
    if (resource && (resource.namespace ?? '') !== namespace) {
      invalid('spec.resourceAttributes.namespace', resource.namespace ?? '', 'must match metadata.namespace')
    }
    if (path) invalid('spec.nonResourceAttributes', path, 'disallowed on this kind of request')
  }
  if (metadata.name || metadata.labels || metadata.annotations) {
    const but = kind === 'LocalSubjectAccessReview' ? ' except for namespace' : ''
    invalid('metadata', metadata, `must be empty${but}`)
  }
  return causes
}
