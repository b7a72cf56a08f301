import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ApiError } from '../../api/api-error.ts'
import type { UpgradeTarget } from '../upgrade/upgrade-target.ts'
import { isWebSocket } from '../websocket/accept-web-socket.ts'
import { acceptRemoteCommand } from './accept-remote-command.ts'
import type { CommandResult } from './command-status.ts'
import { execStream } from './exec-stream.ts'
import { listedValues, type RemoteCommandStreams } from './protocol.ts'

/** Is this an exec or attach over WebSocket v5, which kubelets and runtimes need to have as SPDY? */
export function needsTranslation(request: IncomingMessage): boolean {
  return (
    isWebSocket(request) &&
    listedValues(request.headers['sec-websocket-protocol']).includes('v5.channel.k8s.io')
  )
}

/**
 * Serves a WebSocket client from a SPDY server (upstream's StreamTranslator): streams, terminal sizes, the exit code. What
 * goes wrong behind it reaches the client on the error channel.
 *
 * @returns resolves when both sides are done; never rejects
 */
export async function translateRemoteCommand(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  target: UpgradeTarget,
  streams: RemoteCommandStreams,
): Promise<void> {
  socket.on('error', () => {})
  try {
    const session = await acceptRemoteCommand(request, socket, head, streams)
    if (!session) return
    const { stdin, stdout, stderr, resize, gone } = session
    const result = await execStream(target, {
      stdin,
      stdout,
      stderr,
      resize,
      tty: streams.tty,
      signal: gone,
    }).catch((error: unknown): CommandResult => ({ error: asApiError(error) }))
    if (!gone.aborted) await session.finish(result)
  } catch {
    // The client left while shaking hands.
    socket.destroy()
  }
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError(
    'InternalError',
    `Internal error occurred: ${error instanceof Error ? error.message : error}`,
  )
}
