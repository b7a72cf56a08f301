import type { IncomingMessage, ServerResponse } from 'node:http'
import { anonymousName, type UserInfo } from '../auth/user-info.ts'
import type { ApiRequest } from './api-request.ts'
import { parseRequestInfo, type RequestInfo } from './request-info.ts'

/** A request that is being found out about. */
export class IncomingRequest implements ApiRequest {
  readonly message: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  /** As the client wrote it, without query. */
  readonly rawPath: string
  info: RequestInfo
  user: UserInfo = { username: anonymousName, groups: [] }
  readonly warnings = new Set<string>()
  readonly takeOver?: NonNullable<ApiRequest['takeOver']>
  readonly #stopping: AbortSignal
  #signal: AbortSignal | undefined

  constructor(
    message: IncomingMessage,
    response: ServerResponse,
    stopping: AbortSignal,
    takeOver?: ApiRequest['takeOver'],
  ) {
    this.message = message
    this.response = response
    this.#stopping = stopping
    if (takeOver) this.takeOver = takeOver
    const url = message.url ?? '/'
    const question = url.indexOf('?')
    this.rawPath = question < 0 ? url : url.slice(0, question)
    this.query = new URLSearchParams(question < 0 ? '' : url.slice(question + 1))
    this.info = parseRequestInfo(message.method ?? 'GET', '/', this.query)
  }

  /** Made when somebody wants it: most requests are over before anybody could leave. */
  get signal(): AbortSignal {
    if (!this.#signal) {
      const gone = new AbortController()
      if (this.response.destroyed) gone.abort()
      else this.response.once('close', () => gone.abort())
      this.#signal = AbortSignal.any([this.#stopping, gone.signal])
    }
    return this.#signal
  }
}
