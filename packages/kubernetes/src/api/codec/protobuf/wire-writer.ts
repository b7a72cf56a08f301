/**
 * Writes protobuf from the end of a buffer to its start, so that the length of a message is known when its header is
 * written. Callers write fields in descending order of their numbers, and each field's value before its tag.
 */
export class WireWriter {
  #buffer: Buffer = Buffer.allocUnsafe(4096)
  #start = 4096

  /** Bytes written so far; the difference of two readings is the length of what was written between them. */
  get length(): number {
    return this.#buffer.length - this.#start
  }

  /** A view of what was written; the writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#buffer.subarray(this.#start)
  }

  tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType)
  }

  /** Integers are written as 64-bit two's complement, as int32, int64 and bool are. */
  varint(value: number): void {
    if (value >= 0 && value < 0x80) {
      this.#reserve(1)
      this.#buffer[this.#start] = value
      return
    }
    if (value < 0 || value > Number.MAX_SAFE_INTEGER) {
      this.#bigVarint(BigInt.asUintN(64, BigInt(value)))
      return
    }
    let size = 1
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) size++
    this.#reserve(size)
    let at = this.#start
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.#buffer[at++] = (rest % 128) | 0x80
    this.#buffer[at] = rest
  }

  #bigVarint(value: bigint): void {
    const bytes: number[] = []
    let rest = value
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
    bytes.push(Number(rest))
    this.bytes(Uint8Array.from(bytes))
  }

  double(value: number): void {
    this.#reserve(8)
    this.#buffer.writeDoubleLE(value, this.#start)
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#start)
  }

  /** Text without its length. */
  text(text: string, encoding: 'utf8' | 'base64' = 'utf8'): void {
    const size = Buffer.byteLength(text, encoding)
    this.#reserve(size)
    this.#buffer.write(text, this.#start, size, encoding)
  }

  /** A length-delimited field of text: value, length and tag. */
  textField(field: number, text: string, encoding: 'utf8' | 'base64' = 'utf8'): void {
    const before = this.length
    this.text(text, encoding)
    this.delimit(field, before)
  }

  /** Length and tag of what was written since `length` was `before`. */
  delimit(field: number, before: number): void {
    this.varint(this.length - before)
    this.tag(field, 2)
  }

  #reserve(size: number): void {
    if (size > this.#start) {
      const used = this.length
      const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, used + size + 1024))
      this.#buffer.copy(grown, grown.length - used, this.#start)
      this.#buffer = grown
      this.#start = grown.length - used
    }
    this.#start -= size
  }
}
