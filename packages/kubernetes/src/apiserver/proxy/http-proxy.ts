import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { type Agent, request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'
import { ApiError } from '../../api/api-error.ts'
import { http } from '../../node-http.ts'
import type { UpgradeTarget } from '../../streaming/upgrade/upgrade-target.ts'
import type { ApiRequest } from '../http/api-request.ts'
import { withoutCredentials } from './pod-streams.ts'
import { rewriteLinks } from './rewrite-links.ts'

/** Headers that belong to one connection. */
const hopByHop =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|:.*|http2-settings)$/i

export interface ProxyOptions {
  /** Path under which the target is seen through us, without the final slash; absent when both have the same paths. */
  prefix?: string
  agent?: Agent
  /** Sent to the target instead of what the client may have sent by these names. */
  headers?: Record<string, string | string[]>
}

/** Passes a request on and its answer back, upgrades included. Absolute links of the answer stay behind the proxy. */
export async function proxyRequest(
  request: ApiRequest,
  target: UpgradeTarget,
  { prefix = '', agent, headers: own = {} }: ProxyOptions,
): Promise<void> {
  const { message, response } = request
  if (request.takeOver) {
    const rawHeaders = withHeaders(withoutCredentials(message.rawHeaders), own)
    const { upgradeProxy } = await import('../../streaming/upgrade/upgrade-proxy.ts')
    const { socket, head } = request.takeOver()
    return upgradeProxy(message, socket, head, target, { rawHeaders })
  }
  const answer = await send(request, target, agent, own)
  const headers = answerHeaders(answer)
  const location = answer.headers.location
  if (location) headers.location = relocated(location, target.url, prefix)
  if (prefix && isPlainHtml(answer)) {
    const body = await rewriteLinks(answer, prefix)
    response.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': body.length })
    response.end(message.method === 'HEAD' ? undefined : body)
    return
  }
  response.writeHead(answer.statusCode ?? 502, headers)
  response.flushHeaders()
  try {
    await pipeline(answer, response)
  } catch {
    // One of the two has left; the other has been closed.
  }
}

function send(
  { message, signal, info }: ApiRequest,
  { url, tls }: UpgradeTarget,
  agent: Agent | undefined,
  own: Record<string, string | string[]>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers: OutgoingHttpHeaders = { host: url.host }
    const { rawHeaders } = message
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      const name = rawHeaders[at]!.toLowerCase()
      if (hopByHop.test(name) || /^(authorization|impersonate-.*)$/.test(name)) continue
      const before = headers[name]
      headers[name] =
        before === undefined ? rawHeaders[at + 1]! : [before as string, rawHeaders[at + 1]!].flat()
    }
    for (const name of Object.keys(headers)) if (isOurs(name, own)) delete headers[name]
    Object.assign(headers, own)
    headers['x-forwarded-uri'] = info.path
    headers['x-forwarded-proto'] = 'https'
    const options = { method: message.method, headers, signal, ...tls, ...(agent && { agent }) }
    const outgoing =
      url.protocol === 'https:' ? httpsRequest(url, options, resolve) : http.request(url, options, resolve)
    outgoing.on('error', (error) => {
      const why = `error trying to reach service: ${error.message}`
      reject(new ApiError('ServiceUnavailable', why, undefined, 503))
    })
    message.pipe(outgoing)
  })
}

/** Nobody but us says who a request is from. */
function isOurs(name: string, own: Record<string, string | string[]>): boolean {
  return name in own || ('x-remote-user' in own && name.startsWith('x-remote-'))
}

function withHeaders(rawHeaders: string[], own: Record<string, string | string[]>): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (!isOurs(rawHeaders[at]!.toLowerCase(), own)) kept.push(rawHeaders[at]!, rawHeaders[at + 1]!)
  }
  for (const [name, values] of Object.entries(own))
    for (const value of [values].flat()) kept.push(name, value)
  return kept
}

function answerHeaders({ rawHeaders }: IncomingMessage): Record<string, string | string[] | number> {
  const headers: Record<string, string | string[] | number> = {}
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase()
    if (hopByHop.test(name)) continue
    const before = headers[name]
    headers[name] =
      before === undefined ? rawHeaders[at + 1]! : [before as string, rawHeaders[at + 1]!].flat()
  }
  return headers
}

function relocated(location: string, { host }: URL, prefix: string): string {
  const url = URL.parse(location, `http://${host}/`)
  if (!url || url.host !== host || !/^(https?:\/\/|\/)/.test(location)) return location
  return `${prefix}${url.pathname}${url.search}${url.hash}`
}

function isPlainHtml({ headers }: IncomingMessage): boolean {
  return /^text\/html\b/.test(headers['content-type'] ?? '') && !headers['content-encoding']
}
