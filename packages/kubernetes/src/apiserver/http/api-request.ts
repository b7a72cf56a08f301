import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { UserInfo } from '../auth/user-info.ts'
import type { RequestInfo } from './request-info.ts'

/**
 * One request on its way through the server. HTTP/2 requests come through Node's compatibility classes, which look the
 * same.
 */
export interface ApiRequest {
  readonly message: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  readonly info: RequestInfo
  readonly user: UserInfo
  /** Texts of `Warning:` headers, in order, each once. */
  readonly warnings: Set<string>
  /** Aborted when the client has gone or the server stops. */
  readonly signal: AbortSignal
  /**
   * Of a request to switch protocols: takes the connection over, with what the client has sent already. Until then
   * `response` answers on it.
   */
  readonly takeOver?: () => { socket: Duplex; head: Buffer }
}

export type RequestHandler = (request: ApiRequest) => Promise<void> | void
