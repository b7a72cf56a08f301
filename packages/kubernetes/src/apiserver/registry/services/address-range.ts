import {
  type Cidr,
  cidrContains,
  formatCidr,
  formatIp,
  type IpAddress,
  parseCidr,
  parseIp,
} from '../../../api/ip.ts'

/** Larger ranges are used up to here: nobody has as many Services. */
const mostAddresses = 2 ** 32

/** The addresses of a Service CIDR, by their distance from its start. */
export class AddressRange {
  readonly family: 'IPv4' | 'IPv6'
  /** Number of the last address that may be given away; 0 is the network itself. */
  readonly last: number
  readonly #cidr: Cidr

  constructor(text: string) {
    const cidr = parseCidr(text)
    if (!cidr) throw new Error(`${text} is no CIDR`)
    this.#cidr = cidr
    this.family = cidr.network.bytes.length === 4 ? 'IPv4' : 'IPv6'
    const bits = cidr.network.bytes.length * 8 - cidr.prefixLength
    const size = bits >= 32 ? mostAddresses : 2 ** bits
    // IPv4 keeps its broadcast address.
    this.last = size - (this.family === 'IPv4' ? 2 : 1)
  }

  toString(): string {
    return formatCidr(this.#cidr)
  }

  at(index: number): string {
    const bytes = [...this.#cidr.network.bytes]
    let rest = index
    for (let position = bytes.length - 1; rest > 0 && position >= 0; position--) {
      rest += bytes[position]!
      bytes[position] = rest % 256
      rest = Math.floor(rest / 256)
    }
    return formatIp({ ...this.#cidr.network, bytes })
  }

  /** Undefined for what is outside, the network and the broadcast address among it. */
  indexOf(text: string): number | undefined {
    const address: IpAddress | undefined = parseIp(text)
    if (!address || !cidrContains(this.#cidr, address)) return undefined
    const { bytes } = this.#cidr.network
    const index = address.bytes.reduce((sum, byte, position) => sum * 256 + byte - bytes[position]!, 0)
    return index >= 1 && index <= this.last ? index : undefined
  }
}
