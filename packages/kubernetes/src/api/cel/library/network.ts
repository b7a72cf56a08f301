import {
  type Cidr,
  cidrContains,
  formatCidr,
  formatIp,
  type IpAddress,
  isStrictIp,
  parseCidr,
  parseIp,
} from '../../ip.ts'
import { CelError } from '../cel-error.ts'
import type { Library } from '../overload.ts'
import { CelOpaque } from '../values.ts'

class CelIp extends CelOpaque {
  readonly typeName = 'net.IP'
  readonly ip: IpAddress

  constructor(ip: IpAddress) {
    super()
    this.ip = ip
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CelIp && formatIp(other.ip) === formatIp(this.ip)
  }
}

class CelCidr extends CelOpaque {
  readonly typeName = 'net.CIDR'
  readonly cidr: Cidr

  constructor(cidr: Cidr) {
    super()
    this.cidr = cidr
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CelCidr && text(other.cidr) === text(this.cidr)
  }
}

/** With the address as it was given, which may have bits beyond the prefix. */
function text({ address, prefixLength }: Cidr): string {
  return `${formatIp(address)}/${prefixLength}`
}

/** Strict: no leading zeros, no mapped addresses. */
function strictIp(value: string): IpAddress | undefined {
  return isStrictIp(value) ? parseIp(value) : undefined
}

function ip(value: string): CelIp {
  const parsed = strictIp(value)
  if (parsed) return new CelIp(parsed)
  if (parseIp(value) && value.includes(':'))
    throw new CelError(`IPv4-mapped IPv6 address ${JSON.stringify(value)} is not allowed`)
  throw new CelError(
    `IP Address ${JSON.stringify(value)} parse error during conversion from string: ParseAddr(${JSON.stringify(value)}): unable to parse IP`,
  )
}

function strictCidr(value: string): Cidr | undefined {
  const [address = '', length = ''] = value.split('/')
  return isStrictIp(address) && String(Number(length)) === length ? parseCidr(value) : undefined
}

function cidr(value: string): CelCidr {
  const parsed = strictCidr(value)
  if (parsed) return new CelCidr(parsed)
  throw new CelError(
    `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(value)}): no '/'`,
  )
}

function within(value: IpAddress, ...ranges: string[]): boolean {
  return ranges.some((range) => cidrContains(parseCidr(range) as Cidr, value))
}

const isUnspecified = (value: IpAddress): boolean => value.bytes.every((byte) => byte === 0)
const isLoopback = (value: IpAddress): boolean => within(value, '127.0.0.0/8', '::1/128')
const isLocalMulticast = (value: IpAddress): boolean => within(value, '224.0.0.0/24', 'ff02::/16')
const isLocalUnicast = (value: IpAddress): boolean => within(value, '169.254.0.0/16', 'fe80::/10')

function isGlobalUnicast(value: IpAddress): boolean {
  return !(
    isUnspecified(value) ||
    isLoopback(value) ||
    within(value, '224.0.0.0/4', 'ff00::/8') ||
    isLocalUnicast(value) ||
    within(value, '255.255.255.255/32')
  )
}

function contains({ cidr: outer }: CelCidr, { cidr: inner }: CelCidr): boolean {
  return outer.prefixLength <= inner.prefixLength && cidrContains(outer, inner.network)
}

export const network: Library = {
  'ip(string): net.IP': ip,
  'isIP(string): bool': (value: string) => strictIp(value) !== undefined,
  'ip.isCanonical(string): bool': (value: string) => formatIp(ip(value).ip) === value,
  'string(net.IP): string': (value: CelIp) => formatIp(value.ip),
  '(net.IP).family(): int': (value: CelIp) => BigInt(value.ip.family),
  '(net.IP).isUnspecified(): bool': (value: CelIp) => isUnspecified(value.ip),
  '(net.IP).isLoopback(): bool': (value: CelIp) => isLoopback(value.ip),
  '(net.IP).isLinkLocalMulticast(): bool': (value: CelIp) => isLocalMulticast(value.ip),
  '(net.IP).isLinkLocalUnicast(): bool': (value: CelIp) => isLocalUnicast(value.ip),
  '(net.IP).isGlobalUnicast(): bool': (value: CelIp) => isGlobalUnicast(value.ip),
  'cidr(string): net.CIDR': cidr,
  'isCIDR(string): bool': (value: string) => strictCidr(value) !== undefined,
  'string(net.CIDR): string': (value: CelCidr) => text(value.cidr),
  '(net.CIDR).containsIP(string): bool': (outer: CelCidr, value: string) =>
    cidrContains(outer.cidr, ip(value).ip),
  '(net.CIDR).containsIP(net.IP): bool': (outer: CelCidr, value: CelIp) => cidrContains(outer.cidr, value.ip),
  '(net.CIDR).containsCIDR(string): bool': (outer: CelCidr, value: string) => contains(outer, cidr(value)),
  '(net.CIDR).containsCIDR(net.CIDR): bool': contains,
  '(net.CIDR).ip(): net.IP': (value: CelCidr) => new CelIp(value.cidr.address),
  '(net.CIDR).prefixLength(): int': (value: CelCidr) => BigInt(value.cidr.prefixLength),
  '(net.CIDR).masked(): net.CIDR': (value: CelCidr) => cidr(formatCidr(value.cidr)),
}
