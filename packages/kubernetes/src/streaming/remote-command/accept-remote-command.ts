import type { IncomingMessage } from 'node:http'
import type { Duplex, Readable, Writable } from 'node:stream'
import { isWebSocket } from '../websocket/accept-web-socket.ts'
import type { CommandResult } from './command-status.ts'
import type { RemoteCommandStreams, TerminalSize } from './protocol.ts'

/** A client's side of an exec or attach, whichever protocol it came by. */
export interface RemoteCommandSession {
  /** Present as asked for. Ends when the client closes its stdin, or leaves. */
  stdin?: Readable
  /** End it (or not) before `finish`; writes fail once the client has left. */
  stdout?: Writable
  stderr?: Writable
  /** Sizes of the client's terminal until it leaves; to be iterated once. With `tty` only. */
  resize?: AsyncIterable<TerminalSize>
  /** Aborted when the client has left. */
  gone: AbortSignal
  /** Tells the client how it ended, and closes. */
  finish(result: CommandResult): Promise<void>
}

/**
 * Server side of exec and attach: answers the upgrade by SPDY (`v4.channel.k8s.io` and older) or WebSocket (v5 and older,
 * base64 ones too) and waits for the streams.
 *
 * @returns undefined when the request was not fit and has been answered with an error
 */
export async function acceptRemoteCommand(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  streams: RemoteCommandStreams,
): Promise<RemoteCommandSession | undefined> {
  if (isWebSocket(request)) {
    const { acceptWebSocketCommand } = await import('./web-socket-command.ts')
    return acceptWebSocketCommand(request, socket, head, streams)
  }
  const { acceptSpdyCommand } = await import('./spdy-command.ts')
  return acceptSpdyCommand(request, socket, head, streams)
}
