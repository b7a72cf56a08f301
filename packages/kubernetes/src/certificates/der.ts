/** Writing and reading ASN.1 DER, as much of it as X.509 needs. */

export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** Tag of `[n]`: constructed (explicit, or an implicit sequence) unless `primitive`. */
export function contextTag(n: number, primitive = false): number {
  return (primitive ? 0x80 : 0xa0) | n
}

export function encode(tagByte: number, ...content: Buffer[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.from([tagByte]), encodeLength(length), ...content])
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff)
  return Buffer.from([0x80 | bytes.length, ...bytes])
}

export function sequence(...content: Buffer[]): Buffer {
  return encode(tag.sequence, ...content)
}

export function set(...content: Buffer[]): Buffer {
  return encode(tag.set, ...content)
}

/** `bytes` are big-endian and unsigned. */
export function integer(bytes: Buffer): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const trimmed = bytes.subarray(start)
  return encode(tag.integer, (trimmed[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed)
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      groups.unshift((left & 0x7f) | 0x80)
    }
    return groups
  })
  return encode(tag.oid, Buffer.from(bytes))
}

export function bitString(bytes: Buffer, unusedBits = 0): Buffer {
  return encode(tag.bitString, Buffer.from([unusedBits]), bytes)
}

export function octetString(bytes: Buffer): Buffer {
  return encode(tag.octetString, bytes)
}

export function boolean(value: boolean): Buffer {
  return encode(tag.boolean, Buffer.from([value ? 0xff : 0]))
}

/** UTCTime up to 2049, GeneralizedTime from 2050 on, as RFC 5280 wants. */
export function time(ms: number): Buffer {
  const digits = `${new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  return digits < '2050'
    ? encode(tag.utcTime, Buffer.from(digits.slice(2), 'latin1'))
    : encode(tag.generalizedTime, Buffer.from(digits, 'latin1'))
}

/** One decoded element; `raw` is it whole, `content` what is inside. */
export interface DerNode {
  tag: number
  raw: Buffer
  content: Buffer
}

/** The elements that lie one after the other in `bytes`. @throws Error on bytes that are no DER */
export function decode(bytes: Buffer): DerNode[] {
  const nodes: DerNode[] = []
  for (let at = 0; at < bytes.length; ) {
    const tagByte = bytes[at] as number
    let length = bytes[at + 1] ?? Number.NaN
    let start = at + 2
    if (length >= 0x80) {
      const size = length & 0x7f
      if (size === 0 || size > 4) throw new Error('malformed DER length')
      length = bytes.readUIntBE(start, size)
      start += size
    }
    const end = start + length
    if (!(end <= bytes.length)) throw new Error('truncated DER')
    nodes.push({ tag: tagByte, raw: bytes.subarray(at, end), content: bytes.subarray(start, end) })
    at = end
  }
  return nodes
}

/** The dotted form of an OBJECT IDENTIFIER's content. */
export function oidText(content: Buffer): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0
    }
  }
  const [first = 0, ...rest] = arcs
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...rest].join('.')
}
