import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { listedValues } from '../remote-command/protocol.ts'
import { writeHttpError } from '../upgrade/write-http.ts'
import { acceptWebSocket } from '../websocket/accept-web-socket.ts'
import { ChannelSocket } from '../websocket/channel-socket.ts'
import type { ForwardPort } from './accept-port-forward.ts'

const protocols = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io', 'portforward.k8s.io']

/** One connection per port of the query: channel 2n carries it, 2n+1 tells errors; both start with the port's number. */
export async function forwardOverWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  forward: ForwardPort,
): Promise<void> {
  const ports = portsOf(request)
  if (ports.length === 0 || ports.some((port) => !(port >= 1 && port <= 65535))) {
    writeHttpError(socket, 400, 'query parameter "port" is required, and a port is a number from 1 to 65535')
    return
  }
  const offered = listedValues(request.headers['sec-websocket-protocol'])
  const protocol = offered.find((name) => protocols.includes(name)) ?? ''
  const { channels, streams } = await acceptWebSocket(request, socket, head, protocol, (webSocket) => {
    const opened = new ChannelSocket(webSocket, { base64: protocol.includes('base64') })
    return { channels: opened, streams: ports.map((_, at) => dataStream(opened, 2 * at)) }
  })
  for (const [at, port] of ports.entries()) {
    const number = Buffer.alloc(2)
    number.writeUInt16LE(port)
    await channels.send(2 * at, number)
    await channels.send(2 * at + 1, number)
  }
  const served = ports.map(async (port, at) => {
    try {
      await forward(port, streams[at]!)
    } catch (error) {
      const why = `error forwarding port ${port}: ${error instanceof Error ? error.message : error}`
      await channels.send(2 * at + 1, Buffer.from(why))
    }
  })
  await Promise.race([channels.closed, Promise.all(served)])
  channels.close()
  for (const stream of streams) stream.destroy()
  await channels.closed
}

function dataStream(channels: ChannelSocket, number: number): Duplex {
  const stream = Duplex.from({ readable: channels.reader(number), writable: channels.writer(number) })
  return stream.on('error', () => {})
}

function portsOf(request: IncomingMessage): number[] {
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams
  return listedValues([...query.getAll('port'), ...query.getAll('ports')]).map(Number)
}
