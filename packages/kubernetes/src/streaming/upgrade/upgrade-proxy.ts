import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { bridge } from './bridge.ts'
import { openUpgrade } from './open-upgrade.ts'
import type { UpgradeTarget } from './upgrade-target.ts'
import { writeHttpError, writeHttpHead } from './write-http.ts'

export interface UpgradeProxyOptions {
  /** Instead of the client's: e.g. without its credentials. Names and values in turn. */
  rawHeaders?: readonly string[]
}

/**
 * Passes an upgrade request (SPDY, WebSocket, anything) on and then carries its bytes. A refusal of the target reaches
 * the client with status, headers and body; a target that cannot be reached gives 502. Works for `http:`, `https:` and Unix sockets.
 *
 * @param head bytes of the client that Node had read already (the `upgrade` event's third argument)
 * @returns resolves when both connections are closed; never rejects
 */
export async function upgradeProxy(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  target: UpgradeTarget,
  options: UpgradeProxyOptions = {},
): Promise<void> {
  const gone = new AbortController()
  const onClose = (): void => gone.abort()
  socket.on('error', () => {})
  socket.once('close', onClose)
  try {
    const answer = await openUpgrade(target, {
      method: request.method ?? 'GET',
      headers: proxiedHeaders(options.rawHeaders ?? request.rawHeaders, target.url),
      signal: gone.signal,
    })
    writeHttpHead(socket, answer.response, !answer.upgraded)
    if (!answer.upgraded) {
      answer.response.on('error', () => socket.destroy())
      answer.response.pipe(socket)
      await new Promise<void>((resolve) => answer.response.once('close', resolve))
      return
    }
    if (answer.head.length > 0) socket.write(answer.head)
    if (head.length > 0) answer.socket.write(head)
    await bridge(socket, answer.socket)
  } catch (error) {
    if (socket.destroyed) return
    const why = error instanceof Error ? error.message : String(error)
    writeHttpError(socket, 502, `error dialing backend: ${why}`)
  } finally {
    socket.off('close', onClose)
  }
}

/** The client's headers, for another host. */
export function proxiedHeaders(rawHeaders: readonly string[], url: URL): string[] {
  const headers = ['Host', url.host || 'localhost']
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === 'host') continue
    headers.push(rawHeaders[at]!, rawHeaders[at + 1]!)
  }
  return headers
}
