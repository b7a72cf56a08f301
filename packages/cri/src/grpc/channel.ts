import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { connect as connectSocket, type NetConnectOpts } from 'node:net'
import type { CallOptions } from '../call.ts'
import { CriError, grpcCodes } from '../cri-error.ts'
import { frame } from './frame.ts'
import { MessageSplitter } from './message-splitter.ts'

/**
 * A gRPC connection over a unix socket (or plain TCP), on Node's own HTTP/2. `@grpc/grpc-js` does the same for 130 ms and 22 MB more
 * (measured: it loads protobufjs through proto-loader), which a node process that is to be ready in 0.4 s cannot spend.
 *
 * Connects when first called and again after the connection broke; calls on a broken connection fail with `Unavailable`.
 */
export class GrpcChannel {
  private readonly target: NetConnectOpts
  private session: ClientHttp2Session | undefined
  private closed = false

  /** @param target path or `unix://` URL of a socket, or a host and port */
  constructor(target: string | { host: string; port: number }) {
    this.target = typeof target === 'string' ? { path: target.replace(/^unix:(\/\/)?/, '') } : target
  }

  /** One request, one answer. */
  async unary(path: string, request: Buffer, options: CallOptions = {}): Promise<Buffer> {
    let answer: Buffer | undefined
    for await (const message of this.stream(path, request, options)) answer = message
    if (!answer) throw new CriError('Internal', 'the server sent no message', path)
    return answer
  }

  /** One request, many answers; ends when the server ends it. Leaving the loop early cancels the call. */
  async *stream(path: string, request: Buffer, options: CallOptions = {}): AsyncGenerator<Buffer> {
    const { signal, timeout } = options
    if (signal?.aborted) throw new CriError('Canceled', 'context canceled', path)
    const stream = this.connection(path).request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(timeout !== undefined && { 'grpc-timeout': `${Math.max(1, Math.ceil(timeout))}m` }),
    })
    const call = new Call(stream, path)
    const cancel = (): void => call.fail(new CriError('Canceled', 'context canceled', path))
    signal?.addEventListener('abort', cancel, { once: true })
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(
            () => call.fail(new CriError('DeadlineExceeded', 'context deadline exceeded', path)),
            timeout,
          )
    try {
      stream.end(frame(request))
      yield* call.messages()
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
      stream.close()
    }
  }

  close(): void {
    this.closed = true
    this.session?.destroy()
  }

  private connection(path: string): ClientHttp2Session {
    if (this.closed) throw new CriError('Canceled', 'the client is closed', path)
    if (this.session && !this.session.closed && !this.session.destroyed) return this.session
    const session = connect('http://localhost', {
      createConnection: () => connectSocket(this.target),
      settings: { initialWindowSize: 4 << 20, enablePush: false },
    })
    session.on('connect', () => session.setLocalWindowSize(16 << 20))
    // Streams learn of it by themselves; without a listener an error of the session would end the process.
    session.on('error', () => {})
    session.on('goaway', () => session.close())
    session.on('close', () => {
      if (this.session === session) this.session = undefined
    })
    this.session = session
    return session
  }
}

/** One call's answers, queued between the HTTP/2 stream and whoever iterates. */
class Call {
  private readonly stream: ClientHttp2Stream
  private readonly path: string
  private readonly queue: Buffer[] = []
  private ended = false
  private error: CriError | undefined
  private wake: (() => void) | undefined

  constructor(stream: ClientHttp2Stream, path: string) {
    this.stream = stream
    this.path = path
    const splitter = new MessageSplitter((message) => {
      this.queue.push(message)
      this.wake?.()
    })
    let status: Record<string, string | string[] | undefined> = {}
    stream.on('response', (headers) => {
      status = headers as typeof status
    })
    stream.on('trailers', (trailers) => {
      status = { ...status, ...(trailers as typeof status) }
    })
    stream.on('data', (chunk: Buffer) => splitter.push(chunk))
    stream.on('end', () => this.finish(status))
    stream.on('error', (error: Error) => this.fail(new CriError('Unavailable', error.message, path)))
    stream.on('close', () => this.finish(status))
  }

  /** Ends the call with `error` unless it has ended already. */
  fail(error: CriError): void {
    if (this.ended) return
    this.ended = true
    this.error = error
    this.stream.close()
    this.wake?.()
  }

  private finish(status: Record<string, string | string[] | undefined>): void {
    if (this.ended) return
    const code = status['grpc-status']
    if (code === undefined) {
      this.fail(new CriError('Unavailable', 'the connection to the runtime was closed', this.path))
    } else if (code !== '0') {
      const name = grpcCodes[Number(code)] ?? 'Unknown'
      this.fail(new CriError(name, unescapeMessage(String(status['grpc-message'] ?? '')), this.path))
    } else {
      this.ended = true
      this.wake?.()
    }
  }

  async *messages(): AsyncGenerator<Buffer> {
    for (;;) {
      const message = this.queue.shift()
      if (message) {
        yield message
      } else if (this.ended) {
        if (this.error) throw this.error
        return
      } else {
        await new Promise<void>((resolve) => {
          this.wake = resolve
        })
      }
    }
  }
}

/** gRPC percent-encodes what is not printable ASCII. */
function unescapeMessage(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
