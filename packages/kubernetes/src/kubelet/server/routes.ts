import type { KubeletHandler, KubeletRequest } from './kubelet-request.ts'
import { pageNotFound } from './page-not-found.ts'
import { respondJson, respondText } from './respond.ts'
import type { KubeletServerOptions } from './start-kubelet-server.ts'

const streamRoots = new Set(['exec', 'attach', 'portForward', 'run'])

/** What the kubelet answers. Rooms that are rarely entered are opened when somebody comes. */
export function createRoutes(options: KubeletServerOptions): KubeletHandler {
  let streams: Record<string, KubeletHandler> | undefined
  const lazy = async (root: string): Promise<KubeletHandler | undefined> => {
    if (root === 'containerLogs') return (await import('./container-logs.ts')).containerLogs(options)
    if (!streamRoots.has(root)) return undefined
    streams ??= (await import('./stream-handlers.ts')).streamHandlers(options)
    return streams[root]
  }
  const handlers: Record<string, KubeletHandler> = {
    healthz: (request) => respondText(request, 'ok'),
    pods: (request) => respondJson(request, podList(options)),
  }
  return async (request: KubeletRequest) => {
    const root = request.parts[0] ?? ''
    const handler = handlers[root] ?? (await lazy(root))
    if (!handler) throw pageNotFound()
    return handler(request)
  }
}

function podList({ source }: KubeletServerOptions): object {
  const items = source.pods().map((pod) => {
    const status = source.status(pod.metadata.uid) ?? pod.status
    const { apiVersion: _, kind: __, ...item } = pod
    return { ...item, ...(status && { status }) }
  })
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items }
}
