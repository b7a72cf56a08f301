import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'
import { ApiError, type StatusCause } from '../../api/api-error.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { ApiRequest } from '../http/api-request.ts'
import { isTrue } from '../http/request-info.ts'
import type { ConnectHandler } from '../http/resource-handler.ts'
import { respondText } from '../http/respond.ts'
import type { Registry } from '../registry/registry.ts'
import type { KubeletConnection } from './kubelet-connection.ts'
import { containerOf } from './pod-container.ts'

/** More of an error's body than this is not passed on. */
const maxErrorBytes = 50_000
const streams = ['All', 'Stderr', 'Stdout']
const webSocketProtocols = ['binary.k8s.io', 'base64.binary.k8s.io']

/** `pods/log`: what a container has written, from its node's kubelet. */
export function podLogHandler(registry: Registry, kubelets: KubeletConnection): ConnectHandler {
  return async (request, target) => {
    const pod = (await registry.get(target)) as Awaited<ReturnType<Registry['get']>> & Pod
    const query = logQuery(request.query)
    const container = containerOf(pod, request.query.get('container') ?? '')
    const nodeName = pod.spec?.nodeName
    // A pod without a node has not written anything.
    if (!nodeName) return respondText(request, 200, '')
    const path = `/containerLogs/${pod.metadata.namespace}/${pod.metadata.name}/${container}`
    const { url } = kubelets.target(nodeName, path, query.toString())
    const answer = await open(request, kubelets, url)
    if ((answer.statusCode ?? 500) > 206) throw await errorOf(answer, target.name)
    if (request.takeOver) await relayOverWebSocket(request, answer)
    else await relay(request, answer)
  }
}

function logQuery(query: URLSearchParams): URLSearchParams {
  const result = new URLSearchParams()
  const causes: StatusCause[] = []
  for (const flag of ['follow', 'previous', 'timestamps']) {
    if (isTrue(query.get(flag))) result.set(flag, 'true')
  }
  for (const [name, least] of [
    ['sinceSeconds', 1],
    ['tailLines', 0],
    ['limitBytes', 1],
  ] as const) {
    const text = query.get(name)
    if (text === null || text === '') continue
    const value = Number(text)
    if (!Number.isInteger(value)) {
      throw ApiError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
    }
    if (value < least) {
      const message = `Invalid value: ${value}: must be greater than ${least === 0 ? 'or equal to 0' : '0'}`
      causes.push({ reason: 'FieldValueInvalid', message, field: name })
    }
    result.set(name, text)
  }
  const sinceTime = query.get('sinceTime')
  if (sinceTime) result.set('sinceTime', sinceTime)
  if (sinceTime && result.has('sinceSeconds')) {
    const message = 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified'
    causes.push({ reason: 'FieldValueForbidden', message, field: '' })
  }
  const stream = query.get('stream') || 'All'
  if (!streams.includes(stream)) {
    const supported = streams.map((each) => JSON.stringify(each)).join(', ')
    const message = `Unsupported value: ${JSON.stringify(stream)}: supported values: ${supported}`
    causes.push({ reason: 'FieldValueNotSupported', message, field: 'stream' })
  }
  if (causes.length > 0) throw ApiError.invalid('', 'PodLogOptions', '', causes)
  result.set('stream', stream)
  return result
}

function open({ signal }: ApiRequest, { agent }: KubeletConnection, url: URL): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(url, { agent, signal }, resolve)
    outgoing.on('error', (error) => {
      const why = `Get ${JSON.stringify(url.href)}: ${error.message}`
      reject(
        new ApiError('InternalError', `Internal error occurred: error dialing backend: ${why}`, {
          causes: [{ message: why }],
        }),
      )
    })
    outgoing.end()
  })
}

/** Each piece of the log is a binary message, or a text one in base64. */
async function relayOverWebSocket({ message, takeOver }: ApiRequest, answer: IncomingMessage): Promise<void> {
  const { acceptWebSocket } = await import('../../streaming/websocket/accept-web-socket.ts')
  const offered = (message.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  const protocol = webSocketProtocols.find((known) => offered.includes(known)) ?? ''
  const { socket, head } = takeOver!()
  const webSocket = await acceptWebSocket(message, socket, head, protocol, (accepted) => accepted)
  webSocket.once('close', () => answer.destroy())
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      const piece = protocol === 'base64.binary.k8s.io' ? chunk.toString('base64') : chunk
      await new Promise<void>((resolve) => webSocket.send(piece, () => resolve()))
    }
  } catch {
    // The kubelet or the client has left.
  }
  webSocket.close()
}

async function errorOf(answer: IncomingMessage, podName: string): Promise<ApiError> {
  let text = ''
  answer.setEncoding('utf8')
  for await (const chunk of answer) if (text.length < maxErrorBytes) text += chunk
  text = text.trim()
  const code = answer.statusCode ?? 500
  if (code === 400) return ApiError.badRequest(text)
  if (code === 404) {
    const details = {
      name: podName,
      kind: 'pods/log',
      causes: [{ reason: 'UnexpectedServerResponse', message: text }],
    }
    return new ApiError(
      'NotFound',
      `the server could not find the requested resource ( pods/log ${podName})`,
      details,
    )
  }
  return new ApiError(
    'InternalError',
    `Internal error occurred: ${text}`,
    { causes: [{ message: text }] },
    code,
  )
}

async function relay({ response }: ApiRequest, answer: IncomingMessage): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' })
  response.flushHeaders()
  try {
    await pipeline(answer, response)
  } catch {
    // One of the two has left; the other has been closed.
  }
}
