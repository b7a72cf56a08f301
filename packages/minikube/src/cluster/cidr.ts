import { isIPv4 } from 'node:net'

interface Range {
  base: number
  bits: number
}

/** Undefined when the text is no IPv4 network in CIDR notation. */
export function parseCidr(text: string): Range | undefined {
  const [address, length, ...rest] = text.split('/')
  const bits = Number(length)
  if (rest.length > 0 || !address || !isIPv4(address) || !/^\d+$/.test(length ?? '') || bits > 32)
    return undefined
  return { base: (toNumber(address) & mask(bits)) >>> 0, bits }
}

export function cidrsOverlap(a: string, b: string): boolean {
  const [first, second] = [needCidr(a), needCidr(b)]
  const bits = Math.min(first.bits, second.bits)
  return (first.base & mask(bits)) >>> 0 === (second.base & mask(bits)) >>> 0
}

/** The `index`th address of a network. */
export function hostAddress(cidr: string, index: number): string {
  return toText(needCidr(cidr).base + index)
}

/** The `index`th network of `bits` within `cidr`; `cidr` itself when it is not larger than that. */
export function subnet(cidr: string, bits: number, index: number): string {
  const range = needCidr(cidr)
  if (range.bits >= bits) return `${toText(range.base)}/${range.bits}`
  const count = 2 ** (bits - range.bits)
  return `${toText(range.base + (index % count) * 2 ** (32 - bits))}/${bits}`
}

function needCidr(cidr: string): Range {
  const range = parseCidr(cidr)
  if (!range) throw new Error(`"${cidr}" is not an IPv4 network such as 10.96.0.0/12`)
  return range
}

function mask(bits: number): number {
  return bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0
}

function toNumber(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0)
}

function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}
