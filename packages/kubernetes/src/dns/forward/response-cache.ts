import { LruMap } from '../../client/lru-map.ts'
import { headerSize, readRecord, skipName } from '../wire/query.ts'
import { recordType, responseCode } from '../wire/record.ts'

/** Nothing is remembered longer. */
const longestSeconds = 30
const entries = 1000
/** Larger ones are rare and not worth the memory. */
const largest = 4096

interface Entry {
  readonly message: Buffer
  /** Offsets of the times to live. */
  readonly ttls: readonly number[]
  readonly storedAt: number
  readonly expiresAt: number
}

/** A few answers of others, for as long as they allow and no longer than half a minute. */
export class ResponseCache {
  readonly #entries = new LruMap<string, Entry>(entries)
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** A copy with the times to live as they are by now; its id is to be set. */
  get(key: string): Buffer | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    const now = this.#now()
    if (now >= entry.expiresAt) {
      this.#entries.delete(key)
      return undefined
    }
    const message = Buffer.from(entry.message)
    const age = Math.floor((now - entry.storedAt) / 1000)
    for (const at of entry.ttls) message.writeUInt32BE(Math.max(message.readUInt32BE(at) - age, 0), at)
    return message
  }

  put(key: string, message: Buffer): void {
    const code = message.readUInt8(3) & 0xf
    const truncated = (message.readUInt8(2) & 0x02) !== 0
    const known = code === responseCode.success || code === responseCode.noSuchName
    if (!known || truncated || message.length > largest) return
    const lifetime = lifetimeOf(message, code)
    if (!lifetime) return
    const storedAt = this.#now()
    this.#entries.set(key, {
      message: Buffer.from(message),
      ttls: lifetime.ttls,
      storedAt,
      expiresAt: storedAt + Math.min(lifetime.seconds, longestSeconds) * 1000,
    })
  }
}

/** How long a message may be kept, and where its times to live are; `undefined`: not at all. */
function lifetimeOf(message: Buffer, code: number): { seconds: number; ttls: number[] } | undefined {
  const ttls: number[] = []
  let seconds = Number.POSITIVE_INFINITY
  let negative: number | undefined
  try {
    let at = headerSize
    for (let left = message.readUInt16BE(4); left > 0; left--) at = skipName(message, at) + 4
    const answers = message.readUInt16BE(6)
    const count = answers + message.readUInt16BE(8) + message.readUInt16BE(10)
    for (let index = 0; index < count; index++) {
      const { type, classAt, dataAt, end } = readRecord(message, at)
      at = end
      if (type === recordType.OPT) continue
      const ttl = message.readUInt32BE(classAt + 2)
      ttls.push(classAt + 2)
      seconds = Math.min(seconds, ttl)
      // The last number of the zone's SOA says how long an absence may be remembered.
      if (type === recordType.SOA && end - dataAt >= 22)
        negative = Math.min(ttl, message.readUInt32BE(end - 4))
    }
    const absent = code === responseCode.noSuchName || answers === 0
    if (absent) return negative ? { seconds: negative, ttls } : undefined
  } catch {
    return undefined
  }
  return seconds > 0 && seconds < Number.POSITIVE_INFINITY ? { seconds, ttls } : undefined
}
