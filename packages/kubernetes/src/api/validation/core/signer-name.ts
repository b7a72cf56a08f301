import type { Field } from '../field.ts'
import { isDns1123Label, isDns1123Subdomain } from '../formats.ts'

/** `domain/path`: who signs certificates. */
export function validateSignerName(name: string | undefined, field: Field): void {
  if (!name) {
    field.required()
    return
  }
  const [domain, path, ...more] = name.split('/')
  if (domain === undefined || path === undefined || more.length > 0) {
    field.invalid(name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")
    return
  }
  if (domain.length > 253) field.tooLong(253)
  firstBadLabel(domain, isDns1123Label, field)
  if (!domain.includes('.'))
    field.invalid(domain, 'should be a domain with at least two segments separated by dots')
  firstBadLabel(path, isDns1123Subdomain, field)
  if (name.length > 571) field.tooLong(571)
}

function firstBadLabel(segment: string, check: (label: string) => string[], field: Field): void {
  for (const label of segment.split('.')) {
    const messages = check(label)
    for (const message of messages)
      field.invalid(segment, `validating label ${JSON.stringify(label)}: ${message}`)
    if (messages.length > 0) return
  }
}

/** What is wrong with the name of a trust bundle; one for a signer begins with it. */
export function trustBundleNameProblems(name: string, signerName: string): string[] {
  if (!signerName)
    return name.includes(':')
      ? ['ClusterTrustBundle without signer name must not have ":" in its name']
      : isDns1123Subdomain(name)
  const prefix = `${signerName.replaceAll('/', ':')}:`
  return name.startsWith(prefix)
    ? isDns1123Subdomain(name.slice(prefix.length))
    : [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${prefix}`]
}
