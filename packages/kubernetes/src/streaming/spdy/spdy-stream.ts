import { Duplex } from 'node:stream'
import type { SpdyHeaders } from './header-block.ts'

/** What a stream needs of its connection. */
export interface StreamLink {
  /** Calls back when the bytes have left this process. */
  sendData(streamId: number, data: Buffer, fin: boolean, done: (error?: Error | null) => void): void
  sendReset(streamId: number): void
  /** Both directions are over, or the stream is destroyed. */
  forget(streamId: number): void
}

/** So much of a stream is buffered before its connection, with all other streams, waits for the reader. */
const readAhead = 1 << 20
const maxFrame = 1 << 16

/**
 * One stream of a SPDY connection. Ending the writable side half-closes, destroying an open stream resets it. A reset by
 * the other side is an end of its data, as Go's peer takes it (and uses it at the end of sessions); what is written then
 * goes nowhere. An `ECONNRESET` error means that the connection is gone.
 */
export class SpdyStream extends Duplex {
  readonly id: number
  /** Those that the stream was opened with. */
  readonly headers: SpdyHeaders
  readonly #link: StreamLink
  #wake: (() => void) | undefined
  #sentFin = false
  #gotFin = false
  #isReset = false

  constructor(id: number, headers: SpdyHeaders, link: StreamLink) {
    super({ readableHighWaterMark: readAhead, allowHalfOpen: true })
    this.id = id
    this.headers = headers
    this.#link = link
    // A reset of a stream that nobody looks at is no reason to end the process.
    this.on('error', () => {})
  }

  /** From the connection: data came in. Resolves when there is room for more. */
  async receive(data: Buffer, fin: boolean): Promise<void> {
    if (this.destroyed || this.#gotFin) return
    if (fin) this.#gotFin = true
    const room = data.length === 0 || this.push(data)
    if (fin) this.push(null)
    if (room || fin) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  /** From the connection: the other side wants no more of this stream. */
  reset(): void {
    const open = !this.#gotFin
    this.#sentFin = true
    this.#gotFin = true
    this.#isReset = true
    this.#link.forget(this.id)
    if (open && !this.destroyed) this.push(null)
  }

  /** From the connection: it is gone. What had come in whole can still be read. */
  abort(error: Error): void {
    const isWhole = this.#gotFin
    this.#sentFin = true
    this.#gotFin = true
    this.#isReset = true
    if (isWhole) this.end()
    else this.destroy(error)
  }

  override _read(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#isReset) done()
    else this.#send(chunk, 0, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#sentFin) {
      done()
      return
    }
    this.#sentFin = true
    this.#link.sendData(this.id, Buffer.alloc(0), true, done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this._read()
    if (!(this.#sentFin && this.#gotFin)) this.#link.sendReset(this.id)
    this.#link.forget(this.id)
    done(error)
  }

  #send(chunk: Buffer, at: number, done: (error?: Error | null) => void): void {
    const data = chunk.subarray(at, at + maxFrame)
    this.#link.sendData(this.id, data, false, (error) => {
      if (error || at + maxFrame >= chunk.length) done(error)
      else this.#send(chunk, at + maxFrame, done)
    })
  }
}
