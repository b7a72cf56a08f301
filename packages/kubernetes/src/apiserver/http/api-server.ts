import type { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type ServerHttp2Session,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { ApiError } from '../../api/api-error.ts'
import type { Logger } from '../../log.ts'
import { http } from '../../node-http.ts'
import type { Auth } from '../auth/auth.ts'
import type { ApiRequest, RequestHandler } from './api-request.ts'
import { IncomingRequest } from './incoming-request.ts'
import { attributesOf, parseRequestInfo } from './request-info.ts'
import type { RequestMetrics } from './request-metrics.ts'
import { respondError } from './respond.ts'

/** Requests that are no watch, log or stream have to be answered within this time. */
const requestTimeoutMs = 60_000
/** How long a stop waits for requests under way, and then for clients to take what they were sent. */
const finishMs = 2_000
const flushMs = 250

export interface ApiServerOptions {
  addresses: readonly string[]
  /** 0: any free one, the same on all addresses. */
  port: number
  /** PEM. */
  cert: string
  key: string
  clientCa: string
  auth: Pick<Auth, 'identify' | 'authorize'>
  route: RequestHandler
  isLongRunning: (request: ApiRequest) => boolean
  metrics: RequestMetrics
  log: Logger
}

export interface ApiServer {
  readonly port: number
  /** Serves with another certificate from now on. */
  setCertificate(cert: string, key: string): void
  /** Ends watches and streams, lets other requests finish, closes. */
  stop(): Promise<void>
}

/** Listens with TLS for HTTP/2 and HTTP/1.1. Client certificates are asked for; who has none may be anybody. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { addresses, cert, key, clientCa, auth, route, isLongRunning, metrics, log } = options
  const stopping = new AbortController()
  const sockets = new Set<TLSSocket>()
  const sessions = new Set<ServerHttp2Session>()
  const underWay = new Set<Promise<void>>()
  const certificates = new WeakMap<object, X509Certificate | undefined>()
  const report = (request: ApiRequest | undefined) => (error: unknown) =>
    log.error('request failed', { path: request?.info.path, error: (error as Error)?.stack ?? String(error) })

  /** Of the connection; read once. */
  function certificateOf(message: IncomingMessage): X509Certificate | undefined {
    const { stream } = message as unknown as Partial<Http2ServerRequest>
    const connection: ServerHttp2Session | TLSSocket =
      (stream?.session as ServerHttp2Session | undefined) ?? (message.socket as TLSSocket)
    if (!certificates.has(connection)) {
      const socket = stream?.session ? (stream.session.socket as TLSSocket) : (connection as TLSSocket)
      certificates.set(connection, socket.getPeerX509Certificate?.())
    }
    return certificates.get(connection)
  }

  /** Who asks what; refused requests are answered here. */
  async function admit(
    message: IncomingMessage,
    response: ServerResponse,
    takeOver?: ApiRequest['takeOver'],
  ): Promise<ApiRequest | undefined> {
    const request = new IncomingRequest(message, response, stopping.signal, takeOver)
    try {
      request.info = parseRequestInfo(message.method ?? 'GET', decoded(request.rawPath), request.query)
      const attributes = attributesOf(request.info)
      const peerCertificate = certificateOf(message)
      const credentials = {
        headers: message.headers,
        rawHeaders: message.rawHeaders,
        ...(peerCertificate && { peerCertificate }),
      }
      request.user = await auth.identify(credentials, attributes)
      await auth.authorize({ ...attributes, user: request.user })
      return request
    } catch (error) {
      await respondError(request, error, report(request))
      return undefined
    }
  }

  async function handle(
    message: IncomingMessage,
    response: ServerResponse,
    takeOver?: ApiRequest['takeOver'],
  ): Promise<void> {
    const measure = metrics.begin()
    const request = await admit(message, response, takeOver)
    if (!request) return measure(undefined, response.statusCode)
    const timer = isLongRunning(request) ? undefined : setTimeout(timeout, requestTimeoutMs, request)
    try {
      await route(request)
    } catch (error) {
      await respondError(request, error, report(request))
    } finally {
      clearTimeout(timer)
      measure(request.info, response.statusCode)
    }
  }

  function timeout(request: ApiRequest): void {
    const error = new ApiError(
      'Timeout',
      'Timeout: request did not complete within the allotted timeout',
      undefined,
      504,
    )
    void respondError(request, error, report(request))
  }

  /** Requests to switch protocols come without a response: here they get one, for as long as they are not taken over. */
  async function handleUpgrade(message: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const response = new http.ServerResponse(message)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.once('finish', () => socket.end())
    socket.once('close', () => response.destroy())
    await handle(message, response, () => {
      response.detachSocket(socket)
      return { socket, head }
    })
  }

  const servers: Http2SecureServer[] = []
  let { port } = options
  for (const address of addresses) {
    const server = createSecureServer({
      allowHTTP1: true,
      cert,
      key,
      ca: clientCa,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      maxSessionMemory: 64,
      settings: { maxConcurrentStreams: 1000, initialWindowSize: 1 << 20 },
    })
    server.on('request', (message, response) => {
      track(handle(message as unknown as IncomingMessage, response as unknown as ServerResponse))
    })
    server.on('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.on('error', () => {})
      track(handleUpgrade(message, socket, head))
    })
    server.on('secureConnection', (socket: TLSSocket) => {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.once('close', () => sockets.delete(socket))
    })
    server.on('session', (session) => {
      sessions.add(session)
      session.once('close', () => sessions.delete(session))
    })
    // Clients that break off are everyday business.
    server.on('sessionError', () => {})
    server.on('tlsClientError', () => {})
    server.listen(port, address)
    try {
      await once(server, 'listening')
    } catch (error) {
      // All addresses or none.
      for (const listening of servers) listening.close()
      throw error
    }
    port = (server.address() as AddressInfo).port
    servers.push(server)
  }

  return {
    port,
    setCertificate(cert, key) {
      for (const server of servers) server.setSecureContext({ cert, key, ca: clientCa })
    },
    async stop() {
      stopping.abort()
      const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
      await within(finishMs, Promise.all(underWay))
      for (const session of sessions) session.close()
      for (const socket of sockets) if (socket.alpnProtocol !== 'h2') socket.end()
      await within(flushMs, closed)
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }

  function track(request: Promise<void>): void {
    underWay.add(request)
    void request.finally(() => underWay.delete(request))
  }
}

/** Waits for a promise, but not longer than `ms`. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([promise, timeout])
  clearTimeout(timer)
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw ApiError.badRequest(`invalid URL escape in ${JSON.stringify(path)}`)
  }
}
