import { once } from 'node:events'
import { ApiError } from '../../api/api-error.ts'
import { openContainerLog } from '../logs/container-log.ts'
import { findContainer } from '../pods/node-pod.ts'
import { containerEnd } from './container-end.ts'
import type { KubeletHandler } from './kubelet-request.ts'
import { logRequestOf } from './log-options.ts'
import { loggedContainer } from './logged-container.ts'
import { pageNotFound } from './page-not-found.ts'
import type { KubeletServerOptions } from './start-kubelet-server.ts'

/** `/containerLogs/<namespace>/<pod>/<container>`. */
export function containerLogs({ source, cri }: KubeletServerOptions): KubeletHandler {
  return async ({ parts, query, response, signal }) => {
    const [, namespace = '', podName = '', container = ''] = parts
    if (parts.length !== 4) throw pageNotFound()
    const { follow, previous, ...options } = logRequestOf(query, Date.now())
    const pod = source.pod(namespace, podName)
    if (!pod) throw new ApiError('NotFound', `pod "${podName}" does not exist`)
    if (!findContainer(pod.spec, container)) {
      throw new ApiError('NotFound', `container "${container}" not found in pod "${podName}"`)
    }
    const { uid } = pod.metadata
    const id = loggedContainer(podName, source.status(uid) ?? pod.status ?? {}, container, previous)
    const path = await logPath(cri, id)
    const end = follow ? containerEnd(source, uid, container, id) : undefined
    try {
      const log = await openContainerLog(path, options, signal, end && { ended: end.signal }).catch(
        (error: Error) => {
          throw ApiError.badRequest(error.message)
        },
      )
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
      response.flushHeaders()
      for await (const chunk of log) if (!response.write(chunk)) await once(response, 'drain', { signal })
      response.end()
    } finally {
      end?.forget()
    }
  }
}

async function logPath(cri: KubeletServerOptions['cri'], id: string): Promise<string> {
  try {
    const { status } = await cri.containerStatus({ containerId: id.slice(id.indexOf('://') + 3) })
    if (status?.logPath) return status.logPath
  } catch {
    // The runtime has forgotten it, and its log with it.
  }
  throw ApiError.badRequest(`unable to retrieve container logs for ${id}`)
}
