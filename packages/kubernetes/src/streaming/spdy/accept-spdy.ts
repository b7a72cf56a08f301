import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { listedValues, protocolHeader } from '../remote-command/protocol.ts'
import { writeHttpError, writeSwitchingProtocols } from '../upgrade/write-http.ts'

/**
 * Picks the first of the client's stream protocols that the server knows and switches to SPDY/3.1.
 *
 * @returns the protocol; undefined when the request was not fit and has been answered with an error
 */
export function acceptSpdy(
  request: IncomingMessage,
  socket: Duplex,
  known: readonly string[],
): string | undefined {
  const upgrade = request.headers.upgrade ?? ''
  if (upgrade.toLowerCase() !== 'spdy/3.1') {
    writeHttpError(socket, 400, `unable to upgrade: missing upgrade headers in request: ${upgrade}`)
    return undefined
  }
  const offered = listedValues(request.headers[protocolHeader.toLowerCase()])
  if (offered.length === 0) {
    writeHttpError(socket, 400, `unable to upgrade: header ${protocolHeader} does not exist in request`)
    return undefined
  }
  const protocol = offered.find((name) => known.includes(name))
  if (protocol === undefined) {
    const why = `client supports [${offered.join(' ')}], server accepts [${known.join(' ')}]`
    writeHttpError(socket, 403, `unable to upgrade: unable to negotiate protocol: ${why}`, {
      'X-Accepted-Stream-Protocol-Versions': known,
    })
    return undefined
  }
  writeSwitchingProtocols(socket, { Upgrade: 'SPDY/3.1', [protocolHeader]: protocol })
  return protocol
}
