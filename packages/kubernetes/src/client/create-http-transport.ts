import type { Agent } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import tls from 'node:tls'
import { http } from '../node-http.ts'
import type { HttpRequest, HttpResponse, HttpTransport, HttpTransportOptions } from './http-transport.ts'

/** Room for lists on one connection that also carries watches: Node's 64 KiB for all streams is little. */
const connectionWindow = 4 * 1024 * 1024
const streamWindow = 1024 * 1024
/** The kernel notices a vanished peer; no timer of ours wakes up for it. */
const keepAliveMs = 30_000

/**
 * One HTTP/2 connection where the server speaks it (all watches of a node then cost one handshake and one socket), else
 * HTTP/1.1 with kept connections.
 */
export function createHttpTransport(options: HttpTransportOptions): HttpTransport {
  const url = new URL(options.server)
  const prefix = url.pathname.replace(/\/$/, '')
  const secure: tls.ConnectionOptions = {
    ...(options.ca !== undefined && { ca: options.ca }),
    ...(options.cert !== undefined && { cert: options.cert }),
    ...(options.key !== undefined && { key: options.key }),
    ...(options.insecure && { rejectUnauthorized: false }),
    ...(options.serverName && { servername: options.serverName }),
  }
  let agent: Agent | undefined
  if (url.protocol === 'http:') agent = new http.Agent({ keepAlive: true })
  let session: Promise<http2.ClientHttp2Session> | undefined
  let closed = false

  function overHttp1(via: Agent, request: HttpRequest): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const module = url.protocol === 'http:' ? http : https
      const outgoing = module.request(
        url,
        {
          agent: via,
          method: request.method,
          path: prefix + request.path,
          headers: {
            ...request.headers,
            ...(request.body !== undefined && { 'content-length': Buffer.byteLength(request.body) }),
          },
          signal: request.signal,
        },
        (incoming) => resolve({ status: incoming.statusCode ?? 0, body: incoming }),
      )
      outgoing.on('error', reject)
      outgoing.end(request.body)
    })
  }

  /** `undefined` when the server does not speak HTTP/2; `agent` is set then. */
  async function connect(): Promise<http2.ClientHttp2Session | undefined> {
    if (session) return session
    const socket = tls.connect({
      ...secure,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 443),
      ALPNProtocols: ['h2', 'http/1.1'],
      ...(!secure.servername && !/^[\d.]+$|:/.test(url.hostname) && { servername: url.hostname }),
    })
    const connecting = new Promise<http2.ClientHttp2Session | undefined>((resolve, reject) => {
      socket.once('error', reject)
      socket.once('secureConnect', () => {
        socket.off('error', reject)
        if (closed) {
          socket.destroy()
          reject(new Error('client closed'))
          return
        }
        if (socket.alpnProtocol !== 'h2') {
          socket.destroy()
          agent ??= new https.Agent({ ...secure, keepAlive: true })
          resolve(undefined)
          return
        }
        socket.setKeepAlive(true, keepAliveMs)
        socket.setNoDelay(true)
        const made = http2.connect(url, {
          createConnection: () => socket,
          settings: { initialWindowSize: streamWindow, enablePush: false },
          maxSessionMemory: 256,
        })
        // Streams learn of the failure themselves.
        made.on('error', () => undefined)
        const forget = (): void => {
          if (session === kept) session = undefined
        }
        made.once('close', forget)
        made.once('goaway', forget)
        made.once('remoteSettings', () => {
          if (!made.destroyed) made.setLocalWindowSize(connectionWindow)
        })
        resolve(made)
      })
    })
    const kept = connecting as Promise<http2.ClientHttp2Session>
    session = kept
    connecting.then(
      (made) => {
        if (!made && session === kept) session = undefined
      },
      () => {
        if (session === kept) session = undefined
      },
    )
    return connecting
  }

  function overHttp2(via: http2.ClientHttp2Session, request: HttpRequest): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const stream = via.request(
        { ':method': request.method, ':path': prefix + request.path, ...request.headers },
        { endStream: request.body === undefined, ...(request.signal && { signal: request.signal }) },
      )
      let status: number | undefined
      stream.once('response', (headers) => {
        status = Number(headers[':status'])
        resolve({ status, body: stream })
      })
      stream.on('error', reject)
      stream.once('close', () => reject(new Error('connection closed before the response')))
      if (request.body !== undefined) stream.end(request.body)
    })
  }

  return {
    async request(request) {
      if (closed) throw new Error('client closed')
      request.signal?.throwIfAborted()
      if (!agent) {
        const via = await connect()
        request.signal?.throwIfAborted()
        if (via) {
          // A session may have ended since: the one retry is safe, nothing has been sent.
          if (!via.closed && !via.destroyed) return overHttp2(via, request)
          session = undefined
          const again = await connect()
          if (again) return overHttp2(again, request)
        }
      }
      if (!agent) throw new Error('no connection')
      return overHttp1(agent, request)
    },
    close() {
      closed = true
      agent?.destroy()
      session?.then(
        (made) => made?.destroy(),
        () => undefined,
      )
    },
  }
}
