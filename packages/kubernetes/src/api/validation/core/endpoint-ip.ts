import { cidrContains, parseCidr, parseIp } from '../../ip.ts'
import type { Field } from '../field.ts'

const banned: [ranges: string[], text: string][] = [
  [['127.0.0.0/8', '::1/128'], 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [['169.254.0.0/16', 'fe80::/10'], 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [['224.0.0.0/24', 'ff02::/16'], 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
]

/** Where traffic may be sent: no address of this host's own, or of nowhere. */
export function validateEndpointIp(address: string, field: Field): void {
  const ip = parseIp(address)
  if (!ip) {
    field.invalid(address, 'must be a valid IP address')
    return
  }
  if (ip.bytes.every((byte) => byte === 0)) field.invalid(address, `may not be unspecified (${address})`)
  for (const [ranges, text] of banned)
    if (ranges.some((range) => cidrContains(parseCidr(range)!, ip))) field.invalid(address, text)
}
