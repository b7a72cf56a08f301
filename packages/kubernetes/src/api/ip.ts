import { isIPv4, isIPv6 } from 'node:net'

/** An address in numbers: 4 bytes, or 16. IPv4-mapped IPv6 addresses count as IPv4. */
export interface IpAddress {
  readonly family: 4 | 6
  readonly bytes: readonly number[]
}

/** `undefined` when `text` is no address. IPv4 octets may have leading zeros (as Go's older parser allowed). */
export function parseIp(text: string): IpAddress | undefined {
  const v4 = parseV4(text)
  if (v4) return { family: 4, bytes: v4 }
  if (!isIPv6(text) || text.includes('%')) return undefined
  const bytes = parseV6(text)
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  return mapped ? { family: 4, bytes: bytes.slice(12) } : { family: 6, bytes }
}

function parseV4(text: string): number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d+$/.test(part))) return undefined
  const bytes = parts.map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes : undefined
}

function parseV6(text: string): number[] {
  const groups = (part: string): number[] =>
    part
      ? part.split(':').flatMap((group) => {
          if (group.includes('.')) return parseV4(group) ?? []
          const value = Number.parseInt(group, 16)
          return [value >> 8, value & 255]
        })
      : []
  const [head = '', tail] = text.split('::')
  const front = groups(head)
  if (tail === undefined) return front
  const back = groups(tail)
  return [...front, ...new Array<number>(16 - front.length - back.length).fill(0), ...back]
}

/** The canonical text: dotted decimals, or RFC 5952. */
export function formatIp({ family, bytes }: IpAddress): string {
  if (family === 4) return bytes.join('.')
  const groups: number[] = []
  for (let index = 0; index < 16; index += 2)
    groups.push(((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0))
  let best = { start: -1, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  const hex = (list: number[]): string => list.map((group) => group.toString(16)).join(':')
  return best.start < 0
    ? hex(groups)
    : `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}`
}

export interface Cidr {
  /** As written, bits after the prefix included. */
  readonly address: IpAddress
  /** The lowest address of the range. */
  readonly network: IpAddress
  readonly prefixLength: number
}

/** `undefined` when `text` is no `address/length`. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? undefined : parseIp(text.slice(0, slash))
  const length = text.slice(slash + 1)
  if (!address || !/^\d+$/.test(length)) return undefined
  const isMapped = address.family === 4 && text.slice(0, slash).includes(':')
  const prefixLength = Number(length) - (isMapped ? 96 : 0)
  if (prefixLength < 0 || prefixLength > address.bytes.length * 8) return undefined
  const bytes = address.bytes.map((byte, index) => byte & prefixMask(prefixLength - index * 8))
  return { address, network: { family: address.family, bytes }, prefixLength }
}

function prefixMask(bits: number): number {
  return bits >= 8 ? 255 : bits <= 0 ? 0 : (255 << (8 - bits)) & 255
}

export function formatCidr({ network, prefixLength }: Cidr): string {
  return `${formatIp(network)}/${prefixLength}`
}

export function cidrContains({ network, prefixLength }: Cidr, { family, bytes }: IpAddress): boolean {
  return (
    family === network.family &&
    bytes.every((byte, index) => (byte & prefixMask(prefixLength - index * 8)) === network.bytes[index])
  )
}

/** True for what strict parsers take: no leading zeros, no IPv4 in IPv6's clothes. */
export function isStrictIp(text: string): boolean {
  if (isIPv4(text)) return true
  return parseIp(text)?.family === 6
}
