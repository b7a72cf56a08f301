import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { isWebSocket } from '../websocket/accept-web-socket.ts'

/**
 * Connects one forwarded connection to a port of a pod: carries bytes between the client's stream and the port, and
 * resolves when done. A client that leaves breaks the stream. What it throws is told to the client on the error stream.
 */
export type ForwardPort = (port: number, stream: Duplex) => Promise<void>

export const portForwardProtocol = 'portforward.k8s.io'

/**
 * Server side of port-forward: SPDY with a pair of streams for each connection, or the old WebSocket form with a pair of
 * channels for each port of the query. (SPDY tunnelled in WebSocket is for `tunnelWebSocket`.)
 *
 * @returns resolves when the client has gone or was refused; never rejects
 */
export async function acceptPortForward(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  forward: ForwardPort,
): Promise<void> {
  socket.on('error', () => {})
  try {
    if (isWebSocket(request)) {
      const { forwardOverWebSocket } = await import('./web-socket-port-forward.ts')
      await forwardOverWebSocket(request, socket, head, forward)
    } else {
      const { forwardOverSpdy } = await import('./spdy-port-forward.ts')
      await forwardOverSpdy(request, socket, head, forward)
    }
  } catch {
    socket.destroy()
  }
}
