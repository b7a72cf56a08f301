import { formatCidr, formatIp, isStrictIp, parseCidr, parseIp } from './ip.ts'

/** What is odd about an address that is taken all the same. */
export function ipWarnings(path: string, value: string): string[] {
  const ip = parseIp(value)
  if (!ip) return []
  const canonical = formatIp(ip)
  if (!isStrictIp(value))
    return [
      `${path}: non-standard IP address ${JSON.stringify(value)} is invalid: use ${JSON.stringify(canonical)}`,
    ]
  if (ip.family === 6 && canonical !== value)
    return [
      `${path}: IPv6 address ${JSON.stringify(value)} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`,
    ]
  return []
}

/** The same for a range of addresses. */
export function cidrWarnings(path: string, value: string): string[] {
  const cidr = parseCidr(value)
  if (!cidr) return []
  const canonical = formatCidr(cidr)
  const warnings: string[] = []
  if (formatIp(cidr.address) !== formatIp(cidr.network)) {
    const single = `${formatIp(cidr.address)}/${cidr.address.bytes.length * 8}`
    warnings.push(
      `${path}: CIDR value ${JSON.stringify(value)} is ambiguous in this context (should be ${JSON.stringify(canonical)} or ${JSON.stringify(single)}?)`,
    )
  }
  const [address = '', length = ''] = value.split('/')
  if (!isStrictIp(address) || String(Number(length)) !== length)
    warnings.push(
      `${path}: non-standard CIDR value ${JSON.stringify(value)} is invalid: use ${JSON.stringify(canonical)}`,
    )
  if (warnings.length === 0 && cidr.network.family === 6 && canonical !== value)
    warnings.push(
      `${path}: IPv6 CIDR value ${JSON.stringify(value)} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`,
    )
  return warnings
}
