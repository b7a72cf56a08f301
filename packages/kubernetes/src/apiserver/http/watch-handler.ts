import { ApiError, type Status } from '../../api/api-error.ts'
import type { KubeObject } from '../../api/kube-object.ts'
import type { KubeApi } from '../registry/kube-api.ts'
import type { ServedResource } from '../registry/served-resource.ts'
import type { ApiRequest } from './api-request.ts'
import { EventEncoder } from './event-encoder.ts'
import { mediaTypes } from './negotiate.ts'
import { type View, viewOf } from './object-view.ts'
import { watchOptions } from './query-options.ts'
import { warningHeaders } from './respond.ts'

/** A watch without `timeoutSeconds` ends after this long or up to twice as long, as upstream's min-request-timeout. */
const minTimeoutSeconds = 1800
/** A client that lets this much pile up is disconnected: it can come back with the last resourceVersion that it saw. */
const maxBacklog = 16 << 20

/** Shared by all watches of the process: events are told to one after the other. */
const encoder = new EventEncoder()

/** Answers with a stream of events, which ends with the watch's time, the client, or the server. */
export async function serveWatch(
  request: ApiRequest,
  api: KubeApi,
  resource: ServedResource,
  namespace: string | undefined,
): Promise<void> {
  const { response, query, info, signal } = request
  const options = watchOptions(query)
  if (info.name && !options.fieldSelector) options.fieldSelector = `metadata.name=${info.name}`
  let view: View = await viewOf(request, resource, ['json', 'protobuf'])
  const contentType = view.encoding === 'json' ? mediaTypes.json : `${mediaTypes[view.encoding]};stream=watch`
  await encoder.prepare(view)
  const seconds = options.timeoutSeconds || minTimeoutSeconds * (1 + Math.random())

  const start = (): void => {
    if (response.headersSent) return
    response.writeHead(200, {
      'content-type': contentType,
      'cache-control': 'no-cache, private',
      ...warningHeaders(request.warnings),
    })
    response.flushHeaders()
  }
  const write = (type: string, object: KubeObject): void => {
    start()
    response.write(encoder.encode(view, type, object))
    view = view.later
    if (response.writableLength > maxBacklog) response.destroy()
  }
  const fail = (error: unknown): void => {
    write('ERROR', statusOf(error) as unknown as KubeObject)
    response.end()
  }

  let end = (): void => {}
  try {
    end = api.watch(resource, namespace, options, {
      event: ({ type, object }) => write(type, object),
      failed: fail,
    })
  } catch (error) {
    // What is wrong with the request is answered as such; a version that is too old is told in the stream.
    if (!(error instanceof ApiError) || error.reason !== 'Expired') throw error
    fail(error)
    return
  }
  start()
  const timer = setTimeout(() => response.end(), seconds * 1000).unref()
  const ended = Promise.withResolvers<void>()
  const stop = (): void => {
    clearTimeout(timer)
    end()
    response.end()
    ended.resolve()
  }
  response.once('close', stop)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted || response.destroyed) stop()
  await ended.promise
  signal.removeEventListener('abort', stop)
}

function statusOf(error: unknown): Status {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError('InternalError', `Internal error occurred: ${(error as Error).message}`)
  return known.toStatus()
}
