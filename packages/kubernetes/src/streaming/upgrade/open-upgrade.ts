import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { http } from '../../node-http.ts'
import type { UpgradeTarget } from './upgrade-target.ts'

/** What a server said to a request that asked for an upgrade. */
export type UpgradeAnswer =
  | { upgraded: true; response: IncomingMessage; socket: Duplex; head: Buffer }
  /** The body is still to be read. */
  | { upgraded: false; response: IncomingMessage }

export interface UpgradeRequest {
  method: string
  /** `Connection` and `Upgrade` among them. An array as Node's `rawHeaders` keeps case and repetitions. */
  headers: OutgoingHttpHeaders | readonly string[]
  /** Ends the attempt, not an upgraded connection. */
  signal?: AbortSignal
}

/** Connects and asks for another protocol. @throws Error when the connection fails */
export function openUpgrade(target: UpgradeTarget, request: UpgradeRequest): Promise<UpgradeAnswer> {
  const { url, socketPath, tls } = target
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : http.request
    const outgoing = send({
      ...tls,
      ...(socketPath
        ? { socketPath }
        : { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port || undefined }),
      path: url.pathname + url.search,
      method: request.method,
      headers: request.headers as OutgoingHttpHeaders,
      // Upgraded connections are nobody else's.
      agent: false,
      signal: request.signal,
    })
    outgoing.on('error', reject)
    outgoing.on('upgrade', (response, socket, head) => {
      resolve({ upgraded: true, response, socket, head })
    })
    outgoing.on('response', (response) => resolve({ upgraded: false, response }))
    outgoing.end()
  })
}
