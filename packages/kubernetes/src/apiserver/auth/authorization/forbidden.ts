import { ApiError } from '../../../api/api-error.ts'
import type { AuthorizationAttributes } from '../authorizer.ts'

/** The error of a request that nobody allows, in upstream's words; `reason` is the authorizers'. */
export function forbidden(attributes: AuthorizationAttributes, reason?: string): ApiError {
  const text = escapeHtml(describe(attributes))
  const why = reason ? `${text}: ${reason}` : text
  const { group = '', resource, name = '' } = attributes
  if (resource === undefined) return new ApiError('Forbidden', `forbidden: ${why}`, {})
  return ApiError.forbidden(group, resource, name, why)
}

function describe({ user, verb, ...what }: AuthorizationAttributes): string {
  const who = `User ${JSON.stringify(user.username)} cannot ${verb}`
  if (what.resource === undefined) return `${who} path ${JSON.stringify(what.path ?? '')}`
  const resource = what.subresource ? `${what.resource}/${what.subresource}` : what.resource
  const where = what.namespace ? `in the namespace ${JSON.stringify(what.namespace)}` : 'at the cluster scope'
  return `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(what.group ?? '')} ${where}`
}

/** Browsers must not take an error for HTML. */
function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
