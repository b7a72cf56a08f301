import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { acceptSpdy } from '../spdy/accept-spdy.ts'
import { SpdyConnection } from '../spdy/spdy-connection.ts'
import type { SpdyStream } from '../spdy/spdy-stream.ts'
import type { RemoteCommandSession } from './accept-remote-command.ts'
import { flush } from './flush.ts'
import { type RemoteCommandStreams, spdyProtocols } from './protocol.ts'
import { terminalSizes } from './terminal-sizes.ts'
import { statusMessage } from './web-socket-command.ts'

/** So long a client may take to open its streams. */
const patienceMs = 30_000

/** Exec and attach over SPDY: the client opens a stream for each thing, named by its header `streamType`. */
export async function acceptSpdyCommand(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  streams: RemoteCommandStreams,
): Promise<RemoteCommandSession | undefined> {
  const protocol = acceptSpdy(request, socket, spdyProtocols)
  if (protocol === undefined) return undefined
  const expected = new Set(['error'])
  if (streams.stdin) expected.add('stdin')
  if (streams.stdout) expected.add('stdout')
  if (streams.stderr) expected.add('stderr')
  // Terminals changed size only since v3.
  if (streams.tty && /^v[34]\./.test(protocol)) expected.add('resize')

  const opened = new Map<string, SpdyStream>()
  const complete = Promise.withResolvers<boolean>()
  const connection = new SpdyConnection(socket, {
    side: 'server',
    head,
    onStream(stream) {
      const type = stream.headers.streamtype ?? ''
      if (!expected.has(type) || opened.has(type)) throw new Error(`unexpected stream type ${type}`)
      opened.set(type, stream)
      if (opened.size === expected.size) complete.resolve(true)
    },
  })
  const timer = setTimeout(() => complete.resolve(false), patienceMs)
  void connection.closed.then(() => complete.resolve(false))
  const ready = await complete.promise
  clearTimeout(timer)
  if (!ready) {
    connection.destroy()
    return undefined
  }

  const gone = new AbortController()
  void connection.closed.then(() => gone.abort(new Error('the client left')))
  const resize = opened.get('resize')
  return {
    stdin: opened.get('stdin'),
    stdout: opened.get('stdout'),
    stderr: opened.get('stderr'),
    ...(resize && { resize: terminalSizes(resize) }),
    gone: gone.signal,
    async finish(result) {
      await Promise.all([flush(opened.get('stdout')), flush(opened.get('stderr'))])
      const error = opened.get('error')
      error?.write(statusMessage(result, protocol))
      await flush(error)
      connection.close()
      await connection.closed
    },
  }
}
