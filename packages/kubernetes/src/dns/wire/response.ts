import { isIPv4 } from 'node:net'
import { MessageWriter } from './message-writer.ts'
import { headerSize, type Query } from './query.ts'
import { type Answer, type DnsRecord, internetClass, recordType } from './record.ts'

/** What a message may hold over UDP when the client does not say. */
export const classicUdpSize = 512
/** What we take over UDP, and give at most: larger ones come in fragments, or not at all. */
export const ednsUdpSize = 1232

/**
 * The answer as a message of at most `limit` bytes. When not all records fit, the rest is left out and the message says so
 * (TC): clients that cannot ask again over TCP still get what fits.
 */
export function encodeResponse(query: Query, answer: Answer, limit: number): Buffer {
  const writer = new MessageWriter(limit)
  writer.skip(headerSize)
  writer.question(query.question, query.name)
  const reserved = query.edns ? ednsRecordSize : 0
  const answers = writeAll(writer, answer.answers, reserved)
  const truncated = answers < answer.answers.length
  const authorities = truncated ? 0 : writeAll(writer, answer.authorities ?? [], reserved)
  let additionals = truncated ? 0 : writeAll(writer, answer.additionals ?? [], reserved)
  if (query.edns) {
    writeEdns(writer, answer.code, query.edns.dnssec)
    additionals++
  }
  const message = writer.finish()
  const flags =
    0x8000 |
    (query.opcode << 11) |
    (answer.authoritative ? 0x0400 : 0) |
    (truncated ? 0x0200 : 0) |
    (query.recursionDesired ? 0x0100 : 0) |
    0x0080 |
    (query.checkingDisabled ? 0x0010 : 0) |
    (answer.code & 0xf)
  writeHeader(message, query.id, flags, [1, answers, authorities, additionals])
  return message
}

/** An answer to something that could not be understood as a question. */
export function encodeError(id: number, code: number): Buffer {
  const message = Buffer.alloc(headerSize)
  writeHeader(message, id, 0x8000 | code, [0, 0, 0, 0])
  return message
}

function writeHeader(message: Buffer, id: number, flags: number, counts: readonly number[]): void {
  message.writeUInt16BE(id, 0)
  message.writeUInt16BE(flags, 2)
  for (const [index, count] of counts.entries()) message.writeUInt16BE(count, 4 + 2 * index)
}

/** Returns how many fit. */
function writeAll(writer: MessageWriter, records: readonly DnsRecord[], reserved: number): number {
  for (const [index, record] of records.entries()) {
    if (!writer.attempt(reserved, () => writeRecord(writer, record))) return index
  }
  return records.length
}

function writeRecord(writer: MessageWriter, record: DnsRecord): void {
  writer.name(record.name)
  writer.uint16(recordType[record.type])
  writer.uint16(internetClass)
  writer.uint32(record.ttl)
  writer.sized(() => writeData(writer, record))
}

function writeData(writer: MessageWriter, record: DnsRecord): void {
  switch (record.type) {
    case 'A':
      for (const part of record.address.split('.')) writer.uint8(Number(part))
      break
    case 'AAAA':
      for (const group of ipv6Groups(record.address)) writer.uint16(group)
      break
    case 'CNAME':
    case 'NS':
    case 'PTR':
      writer.name(record.target)
      break
    case 'TXT':
      writer.text(record.text)
      break
    case 'SRV':
      writer.uint16(record.priority)
      writer.uint16(record.weight)
      writer.uint16(record.port)
      // RFC 2782: the target is not compressed.
      writer.name(record.target, false)
      break
    case 'SOA':
      writer.name(record.primary)
      writer.name(record.mailbox)
      // Serial, refresh, retry, expire, and how long "no such name" may be remembered.
      for (const number of [record.serial, 7200, 1800, 86400, record.ttl]) writer.uint32(number)
  }
}

function ipv6Groups(address: string): number[] {
  const [head = '', tail] = address.split('::')
  const parse = (part: string): number[] =>
    part.split(':').flatMap((group) => {
      if (group === '') return []
      if (!isIPv4(group)) return [Number.parseInt(group, 16)]
      const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
      return [a * 256 + b, c * 256 + d]
    })
  const before = parse(head)
  const after = parse(tail ?? '')
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}

const ednsRecordSize = 11

/** The response code's upper bits travel here. */
function writeEdns(writer: MessageWriter, code: number, dnssec: boolean): void {
  writer.uint8(0)
  writer.uint16(recordType.OPT)
  writer.uint16(ednsUdpSize)
  writer.uint8(code >> 4)
  writer.uint8(0)
  writer.uint16(dnssec ? 0x8000 : 0)
  writer.uint16(0)
}
