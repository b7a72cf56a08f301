import { Readable, Writable } from 'node:stream'
import type { WebSocket } from 'ws'

const closeSignal = 255
const readAhead = 1 << 20

export interface ChannelSocketOptions {
  /** Text messages: a digit, then base64. */
  base64?: boolean
  /** A message 255 with a channel's number ends that channel (v5). */
  closable?: boolean
}

/**
 * Several byte streams over one WebSocket: the first byte of each message is the number of its channel
 * (`channel.k8s.io`). A channel that nobody reads stops, once a megabyte waits, the whole socket.
 */
export class ChannelSocket {
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>
  readonly #webSocket: WebSocket
  readonly #options: ChannelSocketOptions
  readonly #readers = new Map<number, Readable>()

  constructor(webSocket: WebSocket, options: ChannelSocketOptions = {}) {
    this.#webSocket = webSocket
    this.#options = options
    webSocket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary))
    this.closed = new Promise((resolve) => {
      webSocket.once('close', () => {
        for (const reader of this.#readers.values()) reader.push(null)
        resolve()
      })
    })
  }

  /** What the other side sends on a channel; ends when it closes the channel or the socket. Ask before it can send. */
  reader(channel: number): Readable {
    const reader = new Readable({ highWaterMark: readAhead, read: () => this.#webSocket.resume() })
    this.#readers.set(channel, reader)
    return reader
  }

  /** Sends on a channel. Clients expect no close signals, so its end says nothing to the other side. */
  writer(channel: number): Writable {
    return new Writable({ write: (chunk: Buffer, _encoding, done) => this.#send(channel, chunk, done) })
  }

  /** Sends one message, which may be empty. Resolves when it has left this process, or the socket is gone. */
  send(channel: number, data: Buffer): Promise<void> {
    return new Promise((resolve) => this.#send(channel, data, () => resolve()))
  }

  close(): void {
    this.#webSocket.close(1000)
  }

  #send(channel: number, data: Buffer, done: (error?: Error | null) => void): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) {
      done(new Error('the WebSocket is closed'))
      return
    }
    const message = this.#options.base64
      ? `${channel}${data.toString('base64')}`
      : Buffer.concat([Buffer.from([channel]), data])
    this.#webSocket.send(message, done)
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (data.length === 0) return
    const base64 = this.#options.base64 && !isBinary
    const channel = base64 ? data[0]! - 0x30 : data[0]!
    if (channel === closeSignal && this.#options.closable) {
      const closing = this.#readers.get(data[1] ?? -1)
      if (closing && !closing.readableEnded) closing.push(null)
      this.#readers.delete(data[1] ?? -1)
      return
    }
    const reader = this.#readers.get(channel)
    if (!reader || reader.destroyed) return
    const payload = base64 ? Buffer.from(data.toString('latin1', 1), 'base64') : data.subarray(1)
    if (payload.length > 0 && !reader.push(payload)) this.#webSocket.pause()
  }
}
