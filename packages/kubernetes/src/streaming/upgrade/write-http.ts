import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { http } from '../../node-http.ts'

/**
 * Writes another server's status line and headers onto a raw socket. With `closes` the body that follows ends with the
 * connection: framing of the other connection is left out.
 */
export function writeHttpHead(socket: Duplex, response: IncomingMessage, closes: boolean): void {
  const lines = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`]
  const { rawHeaders } = response
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const framing = /^(connection|transfer-encoding|keep-alive)$/i.test(rawHeaders[at]!)
    if (!closes || !framing) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
  }
  if (closes) lines.push('Connection: close')
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
}

/** Answers an upgrade request with a plain-text error and closes. */
export function writeHttpError(
  socket: Duplex,
  status: number,
  message: string,
  headers: Record<string, string | readonly string[]> = {},
): void {
  const body = Buffer.from(`${message}\n`)
  const lines = [
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}`,
    ...Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((value) => `${name}: ${value}`),
    ),
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]))
}

/** Answers `101 Switching Protocols`. */
export function writeSwitchingProtocols(socket: Duplex, headers: Record<string, string>): void {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade']
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
}
