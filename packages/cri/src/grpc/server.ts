import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { CriError, type GrpcCode, grpcCodes } from '../cri-error.ts'
import { frame } from './frame.ts'
import { MessageSplitter } from './message-splitter.ts'

/** One call: the request's bytes in, the answers' bytes out. `signal` aborts when the caller has left or its time is over. */
export type GrpcHandler = (request: Buffer, signal: AbortSignal) => AsyncIterable<Buffer>

/** The other end of {@link GrpcChannel}: serves gRPC calls with one request each on a unix socket. */
export class GrpcServer {
  readonly #server: Http2Server
  readonly #sessions = new Set<ServerHttp2Session>()

  /** @param handlers by path, e.g. `/runtime.v1.RuntimeService/Version`; other paths are `Unimplemented` */
  constructor(handlers: ReadonlyMap<string, GrpcHandler>) {
    this.#server = createServer({ settings: { initialWindowSize: 4 << 20 } })
    this.#server.on('session', (session) => {
      this.#sessions.add(session)
      session.on('close', () => this.#sessions.delete(session))
      // Its streams learn of it by themselves.
      session.on('error', () => {})
    })
    this.#server.on('stream', (stream, headers) => void serve(stream, headers, handlers))
  }

  /** What a dead process left at `socket` is replaced. */
  async listen(socket: string): Promise<void> {
    await rm(socket, { force: true })
    this.#server.listen(socket)
    await once(this.#server, 'listening')
  }

  /** Breaks off running calls. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const session of this.#sessions) session.destroy()
    await closed
  }
}

async function serve(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  handlers: ReadonlyMap<string, GrpcHandler>,
): Promise<void> {
  const path = String(headers[':path'])
  const abort = new AbortController()
  stream.on('error', () => {})
  stream.on('close', () => abort.abort(new CriError('Canceled', 'context canceled', path)))
  const limit = timeoutOf(headers['grpc-timeout'])
  const timer =
    limit === undefined
      ? undefined
      : setTimeout(
          () => abort.abort(new CriError('DeadlineExceeded', 'context deadline exceeded', path)),
          limit,
        )
  let status: { code: GrpcCode; message: string } = { code: 'OK', message: '' }
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () =>
    stream.sendTrailers({
      'grpc-status': String(grpcCodes.indexOf(status.code)),
      ...(status.message && { 'grpc-message': escapeMessage(status.message) }),
    }),
  )
  try {
    const handler = handlers.get(path)
    if (!handler) throw new CriError('Unimplemented', `unknown method ${path}`, path)
    const request = await readRequest(stream, path)
    for await (const answer of handler(request, abort.signal)) {
      if (stream.destroyed) return
      if (!stream.write(frame(answer))) await once(stream, 'drain', { signal: abort.signal })
    }
  } catch (error) {
    const cause = abort.signal.aborted ? abort.signal.reason : error
    status =
      cause instanceof CriError
        ? { code: cause.code, message: cause.message }
        : { code: 'Unknown', message: cause instanceof Error ? cause.message : String(cause) }
  } finally {
    clearTimeout(timer)
    if (!stream.destroyed) stream.end()
  }
}

async function readRequest(stream: ServerHttp2Stream, path: string): Promise<Buffer> {
  let request: Buffer | undefined
  const splitter = new MessageSplitter((message) => {
    request = message
  })
  for await (const chunk of stream) splitter.push(chunk as Buffer)
  if (!request) throw new CriError('Internal', 'the client sent no message', path)
  return request
}

const unitsInMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

/** Milliseconds of a `grpc-timeout` header; no more than a timer can wait. */
function timeoutOf(header: string | string[] | undefined): number | undefined {
  const parts = /^(\d{1,8})([HMSmun])$/.exec(String(header ?? ''))
  return parts ? Math.min(2 ** 31 - 1, Number(parts[1]) * unitsInMs[parts[2]!]!) : undefined
}

/** gRPC percent-encodes what is not printable ASCII, and the percent sign. */
function escapeMessage(text: string): string {
  return text.replace(/[^ -$&-~]+/gu, (some) => encodeURIComponent(some.toWellFormed()))
}
