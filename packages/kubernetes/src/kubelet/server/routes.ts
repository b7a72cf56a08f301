import type { NodePod } from '../pods/node-pod.ts'
import { configuration } from './configuration.ts'
import type { KubeletHandler, KubeletRequest } from './kubelet-request.ts'
import { pageNotFound } from './page-not-found.ts'
import { respondJson, respondText } from './respond.ts'
import type { KubeletServerOptions } from './start-kubelet-server.ts'

type Handlers = Record<string, KubeletHandler>

/** What the kubelet answers, by the first part of the path. Rooms that are rarely entered are opened when somebody comes. */
export function createRoutes(options: KubeletServerOptions): KubeletHandler {
  const streams = once(async () => (await import('./stream-handlers.ts')).streamHandlers(options))
  const statistics = once(async () => (await import('./statistics-handlers.ts')).statisticsHandlers(options))
  const rooms = new Map<string, () => Promise<Handlers>>([
    [
      'containerLogs',
      async () => ({ containerLogs: (await import('./container-logs.ts')).containerLogs(options) }),
    ],
    ...['exec', 'attach', 'portForward', 'run'].map((root) => [root, streams] as const),
    ...['stats', 'metrics'].map((root) => [root, statistics] as const),
  ])
  const handlers: Handlers = {
    healthz: (request) => respondText(request, 'ok'),
    pods: (request) => respondJson(request, podList(options, options.source.pods())),
    runningpods: (request) => respondJson(request, podList(options, runningPods(options))),
    configz: (request) => respondJson(request, { kubeletconfig: configuration(options.config) }),
  }
  return async (request: KubeletRequest) => {
    const root = request.parts[0] ?? ''
    const handler =
      (Object.hasOwn(handlers, root) ? handlers[root] : undefined) ?? (await rooms.get(root)?.())?.[root]
    if (!handler) throw pageNotFound()
    return handler(request)
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

function podList({ source }: KubeletServerOptions, pods: readonly NodePod[]): object {
  const items = pods.map((pod) => {
    const status = source.status(pod.metadata.uid) ?? pod.status
    const { apiVersion: _, kind: __, ...item } = pod
    return { ...item, ...(status && { status }) }
  })
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items }
}

function runningPods({ source }: KubeletServerOptions): NodePod[] {
  return source.pods().filter(({ metadata }) => {
    const { containerStatuses = [], initContainerStatuses = [] } = source.status(metadata.uid) ?? {}
    return [...containerStatuses, ...initContainerStatuses].some(({ state }) => state?.running)
  })
}
