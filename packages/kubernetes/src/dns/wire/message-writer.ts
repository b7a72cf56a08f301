import { headerSize } from './query.ts'
import type { Name } from './record.ts'

class Full extends Error {}

/** Writes a DNS message of bounded size; names that were written before are pointed at. */
export class MessageWriter {
  readonly #buffer: Buffer
  /** Where a name, or its tail, was written. */
  readonly #known = new Map<string, number>()
  #at = 0
  #limit: number

  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafe(size)
    this.#limit = size
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  skip(bytes: number): void {
    this.#at += bytes
  }

  /** The question as it came, and its name as something to point at. */
  question(question: Buffer, name: Name): void {
    this.#room(question.length)
    question.copy(this.#buffer, this.#at)
    let at = headerSize
    for (const [index, label] of name.entries()) {
      this.#known.set(keyOf(name, index), at)
      at += label.length + 1
    }
    this.#at += question.length
  }

  /** Runs `write`; when it does not fit (leaving `reserved` bytes free), nothing of it stays and false is returned. */
  attempt(reserved: number, write: () => void): boolean {
    const at = this.#at
    const limit = this.#limit
    this.#limit -= reserved
    try {
      write()
      return true
    } catch (error) {
      if (!(error instanceof Full)) throw error
      this.#at = at
      for (const [key, offset] of this.#known) if (offset >= at) this.#known.delete(key)
      return false
    } finally {
      this.#limit = limit
    }
  }

  uint8(value: number): void {
    this.#room(1)
    this.#at = this.#buffer.writeUInt8(value, this.#at)
  }

  uint16(value: number): void {
    this.#room(2)
    this.#at = this.#buffer.writeUInt16BE(value, this.#at)
  }

  uint32(value: number): void {
    this.#room(4)
    this.#at = this.#buffer.writeUInt32BE(value, this.#at)
  }

  /** A text as strings of at most 255 bytes. */
  text(text: string): void {
    const bytes = Buffer.from(text)
    for (let from = 0; from === 0 || from < bytes.length; from += 255) {
      const part = bytes.subarray(from, from + 255)
      this.uint8(part.length)
      this.#bytes(part)
    }
  }

  name(name: Name, compress = true): void {
    for (const [index, label] of name.entries()) {
      const key = keyOf(name, index)
      const known = this.#known.get(key)
      if (compress && known !== undefined) {
        this.uint16(0xc000 | known)
        return
      }
      if (known === undefined && this.#at < 0x4000) this.#known.set(key, this.#at)
      this.uint8(label.length)
      this.#bytes(Buffer.from(label, 'latin1'))
    }
    this.uint8(0)
  }

  /** Runs `write` after two bytes that will hold how much it wrote. */
  sized(write: () => void): void {
    this.uint16(0)
    const start = this.#at
    write()
    this.#buffer.writeUInt16BE(this.#at - start, start - 2)
  }

  #bytes(bytes: Buffer): void {
    this.#room(bytes.length)
    this.#at += bytes.copy(this.#buffer, this.#at)
  }

  #room(bytes: number): void {
    if (this.#at + bytes > this.#limit) throw new Full()
  }
}

/** Of the name from its label `index` on; capitals matter, as they are given back as they came. */
function keyOf(name: Name, index: number): string {
  return name.slice(index).join('\0')
}
