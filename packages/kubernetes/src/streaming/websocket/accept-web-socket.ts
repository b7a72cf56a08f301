import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'

/**
 * Completes a WebSocket handshake with one of its subprotocols.
 *
 * @param protocol what to answer; one that the client offered, or '' for none
 * @param setUp called in the same turn, before any message can be missed
 */
export function acceptWebSocket<T>(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
  setUp: (webSocket: WebSocket) => T,
): Promise<T> {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Streams of terminals and tunnels do not get smaller.
    perMessageDeflate: false,
    handleProtocols: () => protocol || false,
  })
  return new Promise((resolve, reject) => {
    socket.once('close', () => reject(new Error('the client left during the handshake')))
    server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate())
      resolve(setUp(webSocket))
    })
  })
}

/** Is this a WebSocket handshake? */
export function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}
