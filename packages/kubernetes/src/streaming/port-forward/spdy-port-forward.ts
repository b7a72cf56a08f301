import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { flush } from '../remote-command/flush.ts'
import { acceptSpdy } from '../spdy/accept-spdy.ts'
import { SpdyConnection } from '../spdy/spdy-connection.ts'
import type { SpdyStream } from '../spdy/spdy-stream.ts'
import { type ForwardPort, portForwardProtocol } from './accept-port-forward.ts'

/** So long the second stream of a pair may take. */
const patienceMs = 30_000

interface Pair {
  data?: SpdyStream
  error?: SpdyStream
  timer: NodeJS.Timeout
}

/** Each connection is a pair of streams with the same `requestID`: `data` carries it, `error` tells why it failed. */
export async function forwardOverSpdy(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  forward: ForwardPort,
): Promise<void> {
  if (acceptSpdy(request, socket, [portForwardProtocol]) === undefined) return
  const pairs = new Map<string, Pair>()
  const connection = new SpdyConnection(socket, {
    side: 'server',
    head,
    onStream(stream) {
      const { port = '', streamtype = '' } = stream.headers
      if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
        throw new Error(`unable to parse "${port}" as a port`)
      }
      if (streamtype !== 'data' && streamtype !== 'error')
        throw new Error(`invalid stream type "${streamtype}"`)
      // Very old clients send no request id, but open error and data one after the other.
      const id = stream.headers.requestid ?? String(streamtype === 'error' ? stream.id : stream.id - 2)
      const pair = pairs.get(id) ?? { timer: setTimeout(() => giveUp(pairs, id), patienceMs).unref() }
      if (pair[streamtype]) throw new Error(`${streamtype} stream already assigned`)
      pair[streamtype] = stream
      pairs.set(id, pair)
      if (!pair.data || !pair.error) return
      clearTimeout(pair.timer)
      pairs.delete(id)
      void serve(Number(port), pair.data, pair.error, forward)
    },
  })
  await connection.closed
  for (const { timer } of pairs.values()) clearTimeout(timer)
}

function giveUp(pairs: Map<string, Pair>, id: string): void {
  const pair = pairs.get(id)
  pairs.delete(id)
  pair?.error?.end(`(request=${id}) timed out waiting for streams`)
  pair?.data?.destroy()
}

async function serve(port: number, data: SpdyStream, error: SpdyStream, forward: ForwardPort): Promise<void> {
  try {
    await forward(port, data)
    await Promise.all([flush(data), flush(error)])
  } catch (failure) {
    error.write(`error forwarding port ${port}: ${failure instanceof Error ? failure.message : failure}`)
    await flush(error)
    data.destroy()
  }
}
