import { BlockList, isIPv4 } from 'node:net'

/** Addresses of an IPv4 range in CIDR notation, without its network and broadcast addresses. */
export interface AddressPool {
  has(address: string): boolean
  /** Lowest first. */
  addresses(): Iterable<string>
}

/** @throws Error for what is no IPv4 range */
export function addressPool(cidr: string): AddressPool {
  const [base = '', bitsText = ''] = cidr.split('/')
  const bits = Number(bitsText)
  if (!isIPv4(base) || !/^\d+$/.test(bitsText) || bits > 32) throw new Error(`no IPv4 range: ${cidr}`)
  const size = 2 ** (32 - bits)
  const start = Math.floor(base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) / size) * size
  const first = size > 2 ? start + 1 : start
  const last = size > 2 ? start + size - 2 : start + size - 1
  const range = new BlockList()
  range.addRange(text(first), text(last))
  return {
    has: (address) => isIPv4(address) && range.check(address),
    *addresses() {
      for (let value = first; value <= last; value++) yield text(value)
    },
  }
}

function text(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}
