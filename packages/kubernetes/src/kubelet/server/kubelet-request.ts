import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** One request that was let in. Handlers throw ApiError; its message goes out as plain text. */
export interface KubeletRequest {
  readonly message: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  /** The path's parts, decoded. */
  readonly parts: readonly string[]
  readonly query: URLSearchParams
  /** Aborted when the client has gone or the server stops. */
  readonly signal: AbortSignal
  /**
   * Of a request to switch protocols: takes the connection over, with what the client has sent already. Until then
   * `response` answers on it.
   */
  readonly takeOver?: () => { socket: Duplex; head: Buffer }
}

export type KubeletHandler = (request: KubeletRequest) => Promise<void> | void
