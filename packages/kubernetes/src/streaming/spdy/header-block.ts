import { createInflate, type Inflate } from 'node:zlib'
import { spdyDictionary } from './dictionary.ts'

/** Names in lower case. */
export type SpdyHeaders = Record<string, string>

const maxBytes = 1 << 20
const maxStoredBlock = 0xffff

/**
 * Writes header blocks as zlib's *stored* blocks: no state to keep between frames, nothing to wait for, and any inflater
 * reads them. What Kubernetes' streams have for headers would hardly get smaller.
 */
export class HeaderWriter {
  #started = false

  encode(headers: SpdyHeaders): Buffer {
    const entries = Object.entries(headers)
    const parts: Buffer[] = [uint32(entries.length)]
    for (const [name, value] of entries) {
      for (const text of [Buffer.from(name.toLowerCase()), Buffer.from(value)]) {
        parts.push(uint32(text.length), text)
      }
    }
    const plain = Buffer.concat(parts)
    const blocks: Buffer[] = []
    if (!this.#started) {
      // A zlib header without a dictionary: deflate, smallest effort.
      blocks.push(Buffer.from([0x78, 0x01]))
      this.#started = true
    }
    for (let at = 0; at < plain.length; at += maxStoredBlock) {
      const data = plain.subarray(at, at + maxStoredBlock)
      const head = Buffer.alloc(5)
      head.writeUInt16LE(data.length, 1)
      head.writeUInt16LE(~data.length & 0xffff, 3)
      blocks.push(head, data)
    }
    // An empty block is what zlib's "sync flush" writes: Go hands out the data before it only then.
    blocks.push(Buffer.from([0, 0, 0, 0xff, 0xff]))
    return Buffer.concat(blocks)
  }
}

/** Reads header blocks of one direction of a connection; they must come in order, one at a time. */
export class HeaderReader {
  #inflate: Inflate | undefined

  /** @throws Error when the block is damaged or absurdly large */
  async decode(block: Buffer): Promise<SpdyHeaders> {
    const inflate = this.#start()
    await new Promise<void>((resolve, reject) => {
      inflate.once('error', reject)
      inflate.write(block, () => {
        inflate.off('error', reject)
        resolve()
      })
    })
    const parts: Buffer[] = []
    for (let part: Buffer | null = inflate.read(); part !== null; part = inflate.read()) parts.push(part)
    return parse(Buffer.concat(parts))
  }

  close(): void {
    this.#inflate?.destroy()
  }

  #start(): Inflate {
    // A block's plain text must fit: nobody reads while it is being inflated.
    const options = { dictionary: spdyDictionary(), readableHighWaterMark: maxBytes }
    this.#inflate ??= createInflate(options)
    return this.#inflate
  }
}

function parse(plain: Buffer): SpdyHeaders {
  const headers: SpdyHeaders = {}
  let at = 0
  const number = (): number => {
    at += 4
    return plain.readUInt32BE(at - 4)
  }
  const text = (): string => {
    const length = number()
    if (at + length > plain.length) throw new Error('SPDY header block ends early')
    at += length
    return plain.toString('utf8', at - length, at)
  }
  for (let count = number(); count > 0; count--) {
    const name = text()
    // Several values of one name are joined with NUL.
    headers[name.toLowerCase()] = text().replaceAll('\0', ', ')
  }
  return headers
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32BE(value)
  return buffer
}
