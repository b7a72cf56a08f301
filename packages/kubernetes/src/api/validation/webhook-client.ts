import type { WebhookClientConfig } from '../types/admissionregistration-v1.ts'
import type { Field } from './field.ts'
import { isDns1123Subdomain, isPortNumber } from './formats.ts'

const form = '; desired format: https://host[/path]'

/** How to reach a webhook: by exactly one of a URL and a service. */
export function validateWebhookClient({ url, service }: WebhookClientConfig, field: Field): void {
  if ((url === undefined) === (service === undefined))
    field.required('exactly one of url or service is required')
  else if (url !== undefined) validateUrl(url, field.at('url'))
  else if (service) {
    const at = field.at('service')
    // Upstream takes the one for the other here.
    if (!service.namespace) at.at('name').required()
    if (!service.name) at.at('namespace').required()
    const problems = isPortNumber(service.port ?? 0)
    if (problems.length > 0) at.at('port').invalid(service.port, `port is not valid: ${problems.join(', ')}`)
    if (service.path !== undefined) validatePath(service.path, at.at('path'))
  }
}

function validateUrl(text: string, field: Field): void {
  const [, scheme = '', user, host = '', query, fragment] =
    /^(?:([a-zA-Z][\w+.-]*):)?(?:\/\/(?:([^@/?#]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s.exec(
      text,
    ) ?? []
  if (scheme !== 'https') field.invalid(scheme, `'https' is the only allowed URL scheme${form}`)
  if (!host) field.invalid(host, `host must be specified${form}`)
  if (user !== undefined) field.invalid(user, 'user information is not permitted in the URL')
  if (fragment) field.invalid(fragment, 'fragments are not permitted in the URL')
  if (query) field.invalid(query, 'query parameters are not permitted in the URL')
}

function validatePath(path: string, field: Field): void {
  if (path === '' || path === '/') return
  if (path === '//') {
    field.invalid(path, 'segment[0] may not be empty')
    return
  }
  if (!path.startsWith('/')) field.invalid(path, "must start with a '/'")
  for (const [index, segment] of path.slice(1).replace(/\/$/, '').split('/').entries()) {
    if (!segment) field.invalid(path, `segment[${index}] may not be empty`)
    else
      for (const problem of isDns1123Subdomain(segment)) field.invalid(path, `segment[${index}]: ${problem}`)
  }
}
