import type { Duplex } from 'node:stream'
import {
  controlFrame,
  dataFrameHead,
  type Frame,
  flagFin,
  frameType,
  readFrames,
  resetStatus,
} from './frames.ts'
import { HeaderReader, HeaderWriter, type SpdyHeaders } from './header-block.ts'
import { SpdyStream, type StreamLink } from './spdy-stream.ts'

export interface SpdyConnectionOptions {
  side: 'client' | 'server'
  /** Bytes of the peer that came with the HTTP upgrade. */
  head?: Buffer
  /**
   * Called for each stream that the peer opens; it is accepted by returning and refused by throwing. Data is kept until
   * somebody reads. Without it every stream is refused.
   */
  onStream?: (stream: SpdyStream) => void
  /** Milliseconds between pings that keep proxies from closing an idle connection; 0 or absent: none. */
  pingPeriodMs?: number
}

/**
 * SPDY/3.1 as Kubernetes speaks it (moby/spdystream): streams with headers, half-close, reset, ping, goaway. That peer
 * neither sends nor obeys WINDOW_UPDATE, so there is no flow control but TCP's: a stream that nobody reads stops, once a
 * megabyte waits, the whole connection.
 */
export class SpdyConnection implements StreamLink {
  /** Resolves when the connection is over; never rejects. */
  readonly closed: Promise<void>
  readonly #socket: Duplex
  readonly #onStream: SpdyConnectionOptions['onStream']
  readonly #streams = new Map<number, SpdyStream>()
  readonly #replies = new Map<number, { resolve(): void; reject(error: Error): void }>()
  readonly #writer = new HeaderWriter()
  readonly #reader = new HeaderReader()
  readonly #pings: NodeJS.Timeout | undefined
  #nextId: number
  #nextPing: number
  #lastReceived = 0
  #goneAway = false

  constructor(socket: Duplex, options: SpdyConnectionOptions) {
    this.#socket = socket
    this.#onStream = options.onStream
    // Clients count odd, servers even.
    this.#nextId = options.side === 'client' ? 1 : 2
    this.#nextPing = this.#nextId
    if (options.head?.length) socket.unshift(options.head)
    if (options.pingPeriodMs) {
      this.#pings = setInterval(() => this.ping(), options.pingPeriodMs)
      this.#pings.unref()
    }
    socket.on('error', () => {})
    this.closed = this.#run()
  }

  /** Opens a stream; resolves when the peer has accepted it. */
  async open(headers: SpdyHeaders): Promise<SpdyStream> {
    if (this.#goneAway || this.#socket.destroyed) throw new Error('the SPDY connection is closing')
    const id = this.#nextId
    this.#nextId += 2
    const stream = new SpdyStream(id, headers, this)
    this.#streams.set(id, stream)
    const reply = new Promise<void>((resolve, reject) => this.#replies.set(id, { resolve, reject }))
    const fixed = Buffer.alloc(10)
    fixed.writeUInt32BE(id)
    this.#send(controlFrame(frameType.synStream, 0, Buffer.concat([fixed, this.#writer.encode(headers)])))
    await reply
    return stream
  }

  ping(): void {
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(this.#nextPing)
    this.#nextPing += 2
    this.#send(controlFrame(frameType.ping, 0, payload))
  }

  /** Says goodbye and closes once what was written has left; open streams end with an error. */
  close(): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return
    const payload = Buffer.alloc(8)
    payload.writeUInt32BE(this.#lastReceived)
    this.#send(controlFrame(frameType.goAway, 0, payload))
    this.#socket.end(() => this.#socket.destroy())
  }

  destroy(): void {
    this.#socket.destroy()
  }

  sendData(streamId: number, data: Buffer, fin: boolean, done: (error?: Error | null) => void): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) {
      done(new Error('the SPDY connection is closed'))
      return
    }
    this.#socket.cork()
    this.#socket.write(
      dataFrameHead(streamId, fin ? flagFin : 0, data.length),
      data.length === 0 ? done : undefined,
    )
    if (data.length > 0) this.#socket.write(data, done)
    this.#socket.uncork()
  }

  sendReset(streamId: number, status: number = resetStatus.cancel): void {
    const payload = Buffer.alloc(8)
    payload.writeUInt32BE(streamId)
    payload.writeUInt32BE(status, 4)
    this.#send(controlFrame(frameType.rstStream, 0, payload))
  }

  forget(streamId: number): void {
    this.#streams.delete(streamId)
  }

  #send(bytes: Buffer): void {
    if (!this.#socket.destroyed && !this.#socket.writableEnded) this.#socket.write(bytes)
  }

  async #run(): Promise<void> {
    try {
      for await (const frame of readFrames(this.#socket)) await this.#receive(frame)
    } catch {
      // A broken connection ends like a closed one: with the streams below.
    }
    clearInterval(this.#pings)
    this.#reader.close()
    const gone = Object.assign(new Error('the SPDY connection was closed'), { code: 'ECONNRESET' })
    for (const { reject } of this.#replies.values()) reject(gone)
    for (const stream of [...this.#streams.values()]) stream.abort(gone)
    this.#socket.destroy()
  }

  async #receive(frame: Frame): Promise<void> {
    if (!frame.control) {
      const stream = this.#streams.get(frame.streamId)
      await stream?.receive(frame.payload, (frame.flags & flagFin) !== 0)
      return
    }
    const { type, flags, payload } = frame
    const id = payload.length >= 4 ? payload.readUInt32BE() & 0x7fffffff : 0
    switch (type) {
      case frameType.synStream: {
        // Blocks share their compression: even a refused stream's has to be read.
        const headers = await this.#reader.decode(payload.subarray(10))
        await this.#accept(id, headers, (flags & flagFin) !== 0)
        return
      }
      case frameType.synReply: {
        await this.#reader.decode(payload.subarray(4))
        this.#replies.get(id)?.resolve()
        this.#replies.delete(id)
        if (flags & flagFin) await this.#streams.get(id)?.receive(Buffer.alloc(0), true)
        return
      }
      case frameType.headers:
        await this.#reader.decode(payload.subarray(4))
        return
      case frameType.rstStream: {
        const error = Object.assign(new Error('the stream was refused'), { code: 'ECONNRESET' })
        this.#replies.get(id)?.reject(error)
        this.#replies.delete(id)
        this.#streams.get(id)?.reset()
        return
      }
      case frameType.ping:
        // An answer to one of ours has our parity.
        if (id % 2 !== this.#nextPing % 2) this.#send(controlFrame(frameType.ping, 0, payload))
        return
      case frameType.goAway:
        this.#goneAway = true
        return
      default:
    }
  }

  async #accept(id: number, headers: SpdyHeaders, fin: boolean): Promise<void> {
    if (this.#goneAway || this.#streams.has(id) || id % 2 === this.#nextId % 2) {
      this.sendReset(id, resetStatus.protocolError)
      return
    }
    this.#lastReceived = Math.max(this.#lastReceived, id)
    const stream = new SpdyStream(id, headers, this)
    this.#streams.set(id, stream)
    try {
      if (!this.#onStream) throw new Error('no streams are expected')
      this.#onStream(stream)
    } catch {
      this.#streams.delete(id)
      this.sendReset(id, resetStatus.refused)
      return
    }
    const fixed = Buffer.alloc(4)
    fixed.writeUInt32BE(id)
    this.#send(controlFrame(frameType.synReply, 0, Buffer.concat([fixed, this.#writer.encode({})])))
    if (fin) await stream.receive(Buffer.alloc(0), true)
  }
}
