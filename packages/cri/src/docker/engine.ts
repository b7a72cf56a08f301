import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { CriError, type GrpcCode, isCriCode } from '../cri-error.ts'

/** The version that is spoken: Docker 20.10's, which all later ones up to 28 understand. */
const apiVersion = 'v1.41'

export interface EngineCall {
  method?: 'GET' | 'POST' | 'DELETE'
  query?: Record<string, string | number | boolean>
  /** Sent as JSON. */
  body?: object
  headers?: Record<string, string>
  signal?: AbortSignal
}

const codes: Record<number, GrpcCode> = {
  400: 'InvalidArgument',
  403: 'PermissionDenied',
  404: 'NotFound',
  409: 'AlreadyExists',
}

/** Docker's Engine API over its unix socket. Every method throws {@link CriError}: `Unavailable` when nobody answers. */
export class Engine {
  readonly #socket: string
  readonly #agent = new Agent({ keepAlive: true })

  constructor(socket: string) {
    this.#socket = socket
  }

  /** The answer's JSON; undefined for an empty one (204, 304). */
  async json<T>(path: string, call: EngineCall = {}): Promise<T> {
    const text = (await buffer(await this.stream(path, call))).toString()
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  /** The answer's body as it comes. */
  async stream(path: string, call: EngineCall = {}): Promise<Readable> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    this.#request(path, call, { agent: this.#agent }, reject).on('response', resolve).end(bodyOf(call))
    const response = await promise
    if (response.statusCode! >= 400) throw await refusal(response, path)
    return response
  }

  /** Takes the connection over: what the process of an exec or an attached container reads and writes. */
  async hijack(path: string, call: EngineCall = {}): Promise<Duplex> {
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
    const headers = { ...call.headers, connection: 'Upgrade', upgrade: 'tcp' }
    this.#request(path, { method: 'POST', ...call, headers }, {}, reject)
      .on('upgrade', (_response: IncomingMessage, socket: Duplex, head: Buffer) => {
        if (head.length > 0) socket.unshift(head)
        resolve(socket)
      })
      .on('response', (response: IncomingMessage) => refusal(response, path).then(reject, reject))
      .end(bodyOf(call))
    return promise
  }

  /**
   * Ends a container, which may have ended by itself.
   * @param timeout seconds between the asking and the killing; 0 kills at once
   */
  async stop(id: string, timeout: number): Promise<void> {
    if (timeout > 0) {
      await this.json(`/containers/${id}/stop`, { method: 'POST', query: { t: timeout } })
      return
    }
    try {
      await this.json(`/containers/${id}/kill`, { method: 'POST', query: { signal: 'KILL' } })
    } catch (error) {
      // It does not run any more.
      if (!isCriCode(error, 'AlreadyExists')) throw error
    }
    await this.json(`/containers/${id}/wait`, { method: 'POST', query: { condition: 'not-running' } })
  }

  close(): void {
    this.#agent.destroy()
  }

  #request(path: string, call: EngineCall, options: RequestOptions, fail: (error: CriError) => void) {
    const { method = 'GET', query, headers, signal } = call
    const search = query
      ? `?${new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]))}`
      : ''
    return request({
      ...options,
      socketPath: this.#socket,
      method,
      path: `/${apiVersion}${path}${search}`,
      headers: { host: 'docker', ...(call.body && { 'content-type': 'application/json' }), ...headers },
      ...(signal && { signal }),
    }).on('error', (error: Error) =>
      fail(
        signal?.aborted
          ? new CriError('Canceled', 'context canceled', path)
          : new CriError('Unavailable', `the container engine does not answer: ${error.message}`, path),
      ),
    )
  }
}

function bodyOf({ body }: EngineCall): string | undefined {
  return body && JSON.stringify(body)
}

async function refusal(response: IncomingMessage, path: string): Promise<CriError> {
  const text = (await buffer(response)).toString()
  let message = text
  try {
    message = (JSON.parse(text) as { message?: string }).message ?? text
  } catch {
    // Plain text is the message.
  }
  return new CriError(codes[response.statusCode!] ?? 'Unknown', message, path)
}
