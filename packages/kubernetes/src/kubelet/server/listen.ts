import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { ApiError } from '../../api/api-error.ts'
import type { Logger } from '../../log.ts'
import { http } from '../../node-http.ts'
import type { KubeletAuth } from './kubelet-auth.ts'
import type { KubeletHandler, KubeletRequest } from './kubelet-request.ts'

/** The API server keeps connections; they are not to end under a request of its. */
const keepAliveMs = 90_000

export interface ListenOptions {
  addresses: readonly string[]
  /** 0: any free one, the same on all addresses. */
  port: number
  tls: { cert: string; key: string; ca: string }
  auth: Pick<KubeletAuth, 'admit'>
  route: KubeletHandler
  log: Logger
}

/** HTTPS with client certificates, on every address; each request is authenticated, authorized, then routed. */
export async function listen(options: ListenOptions): Promise<{ port: number; stop(): Promise<void> }> {
  const { addresses, tls, auth, route, log } = options
  const stopping = new AbortController()

  async function handle(
    message: IncomingMessage,
    response: ServerResponse,
    takeOver?: KubeletRequest['takeOver'],
  ): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const url = message.url ?? '/'
    const signal = AbortSignal.any([stopping.signal, gone.signal])
    try {
      const question = url.indexOf('?')
      const path = question < 0 ? url : url.slice(0, question)
      const parts = path.split('/').filter(Boolean).map(decoded)
      const socket = message.socket as TLSSocket
      await auth.admit(message, parts[0] ?? '', socket.getPeerX509Certificate())
      await route({
        message,
        response,
        path,
        parts,
        query: new URLSearchParams(question < 0 ? '' : url.slice(question + 1)),
        signal,
        ...(takeOver && { takeOver }),
      })
    } catch (error) {
      if (signal.aborted) {
        response.destroy()
        return
      }
      if (!(error instanceof ApiError)) log.error('request failed', { url, error })
      answerError(response, error)
    }
  }

  /** Requests to switch protocols come without a response: here they get one, as long as they are not taken over. */
  function handleUpgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {})
    const response = new http.ServerResponse(message)
    response.shouldKeepAlive = false
    response.assignSocket(socket as TLSSocket)
    response.once('finish', () => socket.end())
    socket.once('close', () => response.destroy())
    void handle(message, response, () => {
      response.detachSocket(socket as TLSSocket)
      return { socket, head }
    })
  }

  const servers: Server[] = []
  const upgraded = new Set<Duplex>()
  let { port } = options
  for (const address of addresses) {
    const server = createServer({
      ...tls,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
    })
    server.keepAliveTimeout = keepAliveMs
    server.on('request', (message, response) => void handle(message, response))
    server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
      upgraded.add(socket)
      socket.once('close', () => upgraded.delete(socket))
      handleUpgrade(message, socket, head)
    })
    // Clients that break off are everyday business.
    server.on('tlsClientError', () => {})
    server.listen(port, address)
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
    servers.push(server)
  }
  return {
    port,
    async stop() {
      stopping.abort()
      for (const socket of upgraded) socket.destroy()
      await Promise.all(
        servers.map((server) => {
          const closed = once(server, 'close')
          server.close()
          server.closeAllConnections()
          return closed
        }),
      )
    },
  }
}

function answerError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { code, details } = error instanceof ApiError ? error : { code: 500, details: undefined }
  const body = Buffer.from(error instanceof Error ? error.message : String(error))
  const wait = details?.retryAfterSeconds
  if (wait !== undefined) response.setHeader('retry-after', wait)
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length })
  response.end(body)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw ApiError.badRequest(`invalid URL escape in ${JSON.stringify(part)}`)
  }
}
