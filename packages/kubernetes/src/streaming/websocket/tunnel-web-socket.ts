import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream } from 'ws'
import { listedValues, protocolHeader } from '../remote-command/protocol.ts'
import { bridge } from '../upgrade/bridge.ts'
import { openUpgrade } from '../upgrade/open-upgrade.ts'
import { proxiedHeaders } from '../upgrade/upgrade-proxy.ts'
import type { UpgradeTarget } from '../upgrade/upgrade-target.ts'
import { writeHttpError, writeHttpHead } from '../upgrade/write-http.ts'
import { acceptWebSocket, isWebSocket } from './accept-web-socket.ts'

const prefix = 'SPDY/3.1+'

/** Is this SPDY inside a WebSocket (`SPDY/3.1+portforward.k8s.io`), as kubectl's port-forward does it? */
export function isTunnel(request: IncomingMessage): boolean {
  return isWebSocket(request) && tunnelledProtocols(request).length > 0
}

function tunnelledProtocols({ headers }: IncomingMessage): string[] {
  return listedValues(headers['sec-websocket-protocol'])
    .filter((name) => name.startsWith(prefix) && name.endsWith('.k8s.io'))
    .map((name) => name.slice(prefix.length))
}

/**
 * Carries the SPDY bytes inside a client's WebSocket to a server that speaks plain SPDY. The server is asked first: its
 * refusal reaches the client as an ordinary HTTP answer.
 *
 * @returns resolves when both sides are closed; never rejects
 */
export async function tunnelWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  target: UpgradeTarget,
  options: { rawHeaders?: readonly string[] } = {},
): Promise<void> {
  const gone = new AbortController()
  socket.on('error', () => {})
  socket.once('close', () => gone.abort())
  try {
    const answer = await openUpgrade(target, {
      method: 'POST',
      headers: spdyHeaders(options.rawHeaders ?? request.rawHeaders, target.url, tunnelledProtocols(request)),
      signal: gone.signal,
    })
    if (!answer.upgraded) {
      writeHttpHead(socket, answer.response, true)
      answer.response.on('error', () => socket.destroy())
      answer.response.pipe(socket)
      return
    }
    const protocol = String(answer.response.headers[protocolHeader.toLowerCase()] ?? '')
    const inside = await acceptWebSocket(request, socket, head, prefix + protocol, (webSocket) =>
      createWebSocketStream(webSocket, { allowHalfOpen: false }),
    ).catch((error: unknown) => {
      answer.socket.destroy()
      throw error
    })
    if (answer.head.length > 0) inside.write(answer.head)
    await bridge(inside, answer.socket)
  } catch (error) {
    if (socket.destroyed) return
    writeHttpError(socket, 502, `error dialing backend: ${error instanceof Error ? error.message : error}`)
  }
}

function spdyHeaders(rawHeaders: readonly string[], url: URL, protocols: readonly string[]): string[] {
  const all = proxiedHeaders(rawHeaders, url)
  const headers: string[] = []
  for (let at = 0; at + 1 < all.length; at += 2) {
    if (/^(sec-websocket-.*|connection|upgrade|x-stream-protocol-version)$/i.test(all[at]!)) continue
    headers.push(all[at]!, all[at + 1]!)
  }
  headers.push('Connection', 'Upgrade', 'Upgrade', 'SPDY/3.1', 'Content-Length', '0')
  for (const protocol of protocols) headers.push(protocolHeader, protocol)
  return headers
}
