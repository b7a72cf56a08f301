import { ApiError } from '../../api/api-error.ts'
import type { KubeletHandler, KubeletRequest } from './kubelet-request.ts'
import { respondJson, respondText } from './respond.ts'
import type { KubeletServerOptions } from './start-kubelet-server.ts'

/** What the kubelet answers. Rooms that are rarely entered are opened when somebody comes. */
export function createRoutes(options: KubeletServerOptions): KubeletHandler {
  const { source } = options
  const handlers: Record<string, KubeletHandler> = {
    healthz: (request) => {
      source.checkHealth()
      respondText(request, 'ok')
    },
    pods: (request) => respondJson(request, podList(options)),
  }
  return (request: KubeletRequest) => {
    const handler = handlers[request.parts[0] ?? '']
    if (!handler) throw new ApiError('NotFound', '404 page not found\n')
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
