import { formatCidr, formatIp, isStrictIp, parseCidr, parseIp } from '../ip.ts'
import type { Field } from './field.ts'
import { type FormatCheck, isDns1123Subdomain, isUrlPath } from './formats.ts'

// The small words that rules are made of.

/** Required, and one of `supported` (listed in this order when it is not). */
export function oneOf(value: string | undefined, supported: readonly string[], field: Field): void {
  if (!value) field.required()
  else if (!supported.includes(value)) field.notSupported(value, supported)
}

/** One of `supported` where it is given at all. */
export function oneOfIfSet(value: string | undefined, supported: readonly string[], field: Field): void {
  if (value !== undefined && !supported.includes(value)) field.notSupported(value, supported)
}

/** Required, and of a format. */
export function named(value: string | undefined, check: FormatCheck, field: Field): void {
  if (value) field.check(value, check(value))
  else field.required()
}

/** Of a format where it is given. */
export function namedIfSet(value: string | undefined, check: FormatCheck, field: Field): void {
  if (value) field.check(value, check(value))
}

export function required(value: unknown, field: Field, detail = ''): void {
  if (value === undefined || value === null || value === '') field.required(detail)
}

export function nonNegative(value: number | undefined, field: Field): void {
  if ((value ?? 0) < 0) field.invalid(value, 'must be greater than or equal to 0')
}

export function positive(value: number | undefined, field: Field): void {
  if ((value ?? 0) <= 0) field.invalid(value ?? 0, 'must be greater than zero')
}

/** Required, and like `acme.io/foo`. */
export function domainPrefixedPath(value: string | undefined, field: Field): void {
  if (!value) {
    field.required()
    return
  }
  const slash = value.indexOf('/')
  const domain = value.slice(0, slash)
  const path = value.slice(slash + 1)
  if (slash <= 0 || !path) {
    field.invalid(value, 'must be a domain-prefixed path (such as "acme.io/foo")')
    return
  }
  field.check(domain, isDns1123Subdomain(domain))
  field.check(path, isUrlPath(path))
}

/** Each value once; the second one is the duplicate. */
export class Unique {
  private readonly seen = new Set<string>()

  /** @returns false when it was there before (and says so) */
  add(value: string, field: Field): boolean {
    if (this.seen.has(value)) {
      field.duplicate(value)
      return false
    }
    this.seen.add(value)
    return true
  }

  has(value: string): boolean {
    return this.seen.has(value)
  }
}

/** What is wrong with an address; leading zeros and mapped addresses are. */
function ipProblems(value: string): string[] {
  if (!parseIp(value)) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']
  if (isStrictIp(value)) return []
  return [value.includes(':') ? 'must not be an IPv4-mapped IPv6 address' : 'must not have leading 0s']
}

/** A strict address in its canonical form. */
export const isCanonicalIp: FormatCheck = (value) => {
  const problems = ipProblems(value)
  const ip = parseIp(value)
  if (!ip || problems.length > 0 || formatIp(ip) === value) return problems
  return [`must be in canonical form (${JSON.stringify(formatIp(ip))})`]
}

/** Addresses of fields from before strict parsing: any that was there before may stay. */
export function validateIp(value: string, field: Field, old: readonly string[] = []): void {
  if (!old.includes(value)) field.check(value, ipProblems(value))
}

export function validateCanonicalIp(value: string, field: Field): void {
  field.check(value, isCanonicalIp(value))
}

export function validateCidr(value: string, field: Field, old: readonly string[] = []): void {
  if (old.includes(value)) return
  const cidr = parseCidr(value)
  const [address = '', length = ''] = value.split('/')
  if (!cidr) field.invalid(value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')
  else if (address.includes(':') && cidr.network.family === 4)
    field.invalid(value, 'must not have an IPv4-mapped IPv6 address')
  else if (!isStrictIp(address) || String(Number(length)) !== length)
    field.invalid(value, 'must not have leading 0s in IP or prefix length')
  else if (formatIp(cidr.address) !== formatIp(cidr.network))
    field.invalid(value, 'must not have bits set beyond the prefix length')
}

export function validateCanonicalCidr(value: string, field: Field): void {
  const before = field.causes.length
  validateCidr(value, field)
  const cidr = parseCidr(value)
  if (cidr && field.causes.length === before && formatCidr(cidr) !== value)
    field.invalid(value, `must be in canonical form (${JSON.stringify(formatCidr(cidr))})`)
}
