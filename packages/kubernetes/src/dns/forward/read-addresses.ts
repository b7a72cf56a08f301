import { headerSize, readName, readRecord, skipName } from '../wire/query.ts'
import { type DnsRecord, recordType } from '../wire/record.ts'

/** The aliases and addresses among a message's answers; what cannot be read is left out. */
export function readAddresses(message: Buffer): DnsRecord[] {
  const records: DnsRecord[] = []
  try {
    let at = headerSize
    for (let left = message.readUInt16BE(4); left > 0; left--) at = skipName(message, at) + 4
    for (let left = message.readUInt16BE(6); left > 0; left--) {
      const { name } = readName(message, at)
      const { type, classAt, dataAt, end } = readRecord(message, at)
      const ttl = message.readUInt32BE(classAt + 2)
      const data = message.subarray(dataAt, end)
      if (type === recordType.CNAME)
        records.push({ name, ttl, type: 'CNAME', target: readName(message, dataAt).name })
      else if (type === recordType.A && data.length === 4) {
        records.push({ name, ttl, type: 'A', address: data.join('.') })
      } else if (type === recordType.AAAA && data.length === 16) {
        const groups = Array.from({ length: 8 }, (_, index) => data.readUInt16BE(2 * index).toString(16))
        records.push({ name, ttl, type: 'AAAA', address: groups.join(':') })
      }
      at = end
    }
  } catch {
    // A damaged message: what was read so far may still help.
  }
  return records
}
