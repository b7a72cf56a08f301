import type { IncomingMessage } from 'node:http'
import type { Duplex, Writable } from 'node:stream'
import { writeHttpError } from '../upgrade/write-http.ts'
import { acceptWebSocket } from '../websocket/accept-web-socket.ts'
import { ChannelSocket } from '../websocket/channel-socket.ts'
import type { RemoteCommandSession } from './accept-remote-command.ts'
import { type CommandResult, statusOf } from './command-status.ts'
import { flush } from './flush.ts'
import { channel, listedValues, type RemoteCommandStreams, webSocketProtocols } from './protocol.ts'
import { terminalSizes } from './terminal-sizes.ts'

/** Exec and attach over a WebSocket's channels; a client that names no protocol gets the oldest, binary one. */
export async function acceptWebSocketCommand(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  streams: RemoteCommandStreams,
): Promise<RemoteCommandSession | undefined> {
  const offered = listedValues(request.headers['sec-websocket-protocol'])
  const protocol = offered.find((name) => (webSocketProtocols as readonly string[]).includes(name))
  if (protocol === undefined && offered.length > 0) {
    writeHttpError(socket, 400, `unable to upgrade: none of the subprotocols ${offered.join(', ')} is known`)
    return undefined
  }
  const options = {
    base64: protocol?.includes('base64') ?? false,
    closable: protocol === 'v5.channel.k8s.io',
  }
  const { session, channels } = await acceptWebSocket(request, socket, head, protocol ?? '', (webSocket) =>
    openSession(new ChannelSocket(webSocket, options), streams, protocol ?? ''),
  )
  // Tells the client that the session stands: an empty message on the first channel that it reads.
  const first = streams.stdout ? channel.stdout : streams.stderr ? channel.stderr : channel.error
  await channels.send(first, Buffer.alloc(0))
  return session
}

function openSession(
  channels: ChannelSocket,
  streams: RemoteCommandStreams,
  protocol: string,
): { session: RemoteCommandSession; channels: ChannelSocket } {
  const gone = new AbortController()
  void channels.closed.then(() => gone.abort(new Error('the client left')))
  // An early end of the client is no error of this process.
  const output = (number: number): Writable => channels.writer(number).on('error', () => {})
  const session: RemoteCommandSession = {
    ...(streams.stdin && { stdin: channels.reader(channel.stdin) }),
    ...(streams.stdout && { stdout: output(channel.stdout) }),
    ...(streams.stderr && { stderr: output(channel.stderr) }),
    ...(streams.tty && { resize: terminalSizes(channels.reader(channel.resize)) }),
    gone: gone.signal,
    async finish(result) {
      await Promise.all([flush(session.stdout), flush(session.stderr)])
      await channels.send(channel.error, statusMessage(result, protocol))
      channels.close()
      await channels.closed
    },
  }
  return { session, channels }
}

/** Protocols before v4 send errors as plain text and success as nothing. */
export function statusMessage(result: CommandResult, protocol: string): Buffer {
  if (/^v[45]\./.test(protocol)) return Buffer.from(JSON.stringify(statusOf(result)))
  if ('error' in result) return Buffer.from(result.error.message)
  return Buffer.from(result.exitCode === 0 ? '' : `command terminated with exit code ${result.exitCode}`)
}
