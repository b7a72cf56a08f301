import { internetClass, type Name, recordType } from './record.ts'

/** A client's message, as far as a resolver has to understand it. */
export interface Query {
  readonly id: number
  readonly opcode: number
  readonly recursionDesired: boolean
  readonly checkingDisabled: boolean
  readonly name: Name
  readonly type: number
  readonly class: number
  /** Name, type and class as they came, to be repeated (with the client's capitals) or passed on. */
  readonly question: Buffer
  readonly edns: Edns | undefined
}

export interface Edns {
  readonly udpSize: number
  readonly version: number
  readonly dnssec: boolean
}

/** A message that is no question; answered with `code` when `id` could be read. */
export class BadQuery extends Error {
  readonly id: number

  constructor(id: number, why: string) {
    super(why)
    this.id = id
  }
}

export const headerSize = 12

/** `undefined` for what must not be answered at all (too short, or an answer itself). @throws BadQuery */
export function parseQuery(message: Buffer): Query | undefined {
  if (message.length < headerSize) return undefined
  const id = message.readUInt16BE(0)
  const flags = message.readUInt16BE(2)
  if (flags & 0x8000) return undefined
  const opcode = (flags >> 11) & 0xf
  const base = {
    id,
    opcode,
    recursionDesired: (flags & 0x0100) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
  }
  try {
    if (message.readUInt16BE(4) !== 1) throw new BadQuery(id, 'not one question')
    const { name, end } = readName(message, headerSize)
    const type = message.readUInt16BE(end)
    const question = message.subarray(headerSize, end + 4)
    const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10)
    const edns = findEdns(message, end + 4, records)
    return { ...base, name, type, class: message.readUInt16BE(end + 2), question, edns }
  } catch (error) {
    throw error instanceof BadQuery ? error : new BadQuery(id, 'malformed')
  }
}

/** @throws RangeError beyond the message */
export function readName(message: Buffer, start: number): { name: Name; end: number } {
  const name: string[] = []
  let at = start
  let end: number | undefined
  let size = 0
  for (let jumps = 0; ; ) {
    const length = message.readUInt8(at)
    if (length === 0) return { name, end: end ?? at + 1 }
    if ((length & 0xc0) === 0xc0) {
      end ??= at + 2
      at = message.readUInt16BE(at) & 0x3fff
      if (++jumps > 32) throw new RangeError('too many jumps')
      continue
    }
    size += length + 1
    if (length > 63 || size > 254 || at + 1 + length > message.length) throw new RangeError('bad name')
    name.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
}

/** Where a name ends, without reading it. @throws RangeError beyond the message */
export function skipName(message: Buffer, start: number): number {
  for (let at = start; ; ) {
    const length = message.readUInt8(at)
    if (length === 0) return at + 1
    if ((length & 0xc0) === 0xc0) return at + 2
    at += 1 + length
  }
}

/** A record's place in a message. */
export interface RecordPlace {
  readonly type: number
  /** Offset of the class; the time to live follows at +2. */
  readonly classAt: number
  readonly dataAt: number
  readonly end: number
}

/** @throws RangeError beyond the message */
export function readRecord(message: Buffer, start: number): RecordPlace {
  const at = skipName(message, start)
  const dataAt = at + 10
  const end = dataAt + message.readUInt16BE(at + 8)
  if (end > message.length) throw new RangeError('record beyond the message')
  return { type: message.readUInt16BE(at), classAt: at + 2, dataAt, end }
}

function findEdns(message: Buffer, start: number, count: number): Edns | undefined {
  let at = start
  for (let index = 0; index < count; index++) {
    const record = readRecord(message, at)
    if (record.type === recordType.OPT) {
      return {
        udpSize: message.readUInt16BE(record.classAt),
        version: message.readUInt8(record.classAt + 3),
        dnssec: (message.readUInt16BE(record.classAt + 4) & 0x8000) !== 0,
      }
    }
    at = record.end
  }
  return undefined
}

export function isInternet({ class: queryClass }: Query): boolean {
  return queryClass === internetClass
}
