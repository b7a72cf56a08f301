import { DecodeError } from '../../structure/decode-error.ts'

/** Reads protobuf's primitives from a window of a buffer. @throws DecodeError when the bytes end too early */
export class WireReader {
  readonly #buffer: Buffer
  readonly #end: number
  #at: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = start
    this.#end = end
  }

  get done(): boolean {
    return this.#at >= this.#end
  }

  /** Unsigned; exact up to 2^53. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 10; count++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw new DecodeError('proto: integer overflow')
  }

  /** Signed 64 bits; exact within ±2^53. */
  int(): number {
    const start = this.#at
    const value = this.varint()
    if (value <= Number.MAX_SAFE_INTEGER) return value
    let exact = 0n
    for (let at = start, shift = 0n; at < this.#at; at++, shift += 7n) {
      exact |= BigInt(this.#buffer[at]! & 0x7f) << shift
    }
    return Number(BigInt.asIntN(64, exact))
  }

  double(): number {
    this.#need(8)
    const value = this.#buffer.readDoubleLE(this.#at)
    this.#at += 8
    return value
  }

  /** A reader over a length-delimited field. */
  message(): WireReader {
    const start = this.#delimited()
    return new WireReader(this.#buffer, start, this.#at)
  }

  text(encoding: 'utf8' | 'base64' = 'utf8'): string {
    const start = this.#delimited()
    return this.#buffer.toString(encoding, start, this.#at)
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const start = this.#delimited()
    return this.#buffer.subarray(start, this.#at)
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint()
    else if (wireType === 1) this.#advance(8)
    else if (wireType === 2) this.#delimited()
    else if (wireType === 5) this.#advance(4)
    else throw new DecodeError(`proto: illegal wireType ${wireType}`)
  }

  #delimited(): number {
    const size = this.varint()
    const start = this.#at
    this.#advance(size)
    return start
  }

  #advance(size: number): void {
    this.#need(size)
    this.#at += size
  }

  #need(size: number): void {
    if (size > this.#end - this.#at) throw new DecodeError('unexpected EOF')
  }

  #byte(): number {
    this.#need(1)
    return this.#buffer[this.#at++]!
  }
}
