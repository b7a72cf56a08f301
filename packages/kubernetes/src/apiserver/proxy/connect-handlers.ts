import type { KubeObject } from '../../api/kube-object.ts'
import type { UpgradeTarget } from '../../streaming/upgrade/upgrade-target.ts'
import type { ApiCore } from '../create-api-core.ts'
import type { ApiRequest } from '../http/api-request.ts'
import type { ConnectHandler } from '../http/resource-handler.ts'
import { connectContext } from './connect-context.ts'
import { proxyRequest } from './http-proxy.ts'
import type { KubeletConnection } from './kubelet-connection.ts'
import { podLogHandler } from './pod-log.ts'
import { podCommandHandler, podPortForwardHandler } from './pod-streams.ts'
import { nodeTarget, parseProxyName, podTarget, serviceTarget } from './proxy-targets.ts'

/** Subresources that connect to kubelets, pods and services, by `<resource>.<group>/<subresource>`. */
export function connectHandlers(
  { api: { registry }, auth, store }: Pick<ApiCore, 'api' | 'auth' | 'store'>,
  kubelets: KubeletConnection,
): Map<string, ConnectHandler> {
  const streams = { registry, kubelets, auth }
  const proxy = (
    kind: string,
    find: (namespace: string, id: string, path: string) => UpgradeTarget,
  ): ConnectHandler => {
    return async (request, target) => {
      const { prefix, path, bare } = split(request)
      const options: KubeObject = { apiVersion: 'v1', kind, path: request.info.rest.join('/') }
      await registry.admitConnect(target, options, connectContext(request, options))
      const found = find(target.namespace, target.name, path)
      const { method = '' } = request.message
      if (bare && !request.takeOver && (method === 'GET' || method === 'HEAD')) {
        // Relative links of the page at the root would lead elsewhere.
        request.response.writeHead(301, { location: `${prefix}${path}` }).end()
        return
      }
      const agent = found.tls?.cert ? { agent: kubelets.agent } : {}
      return proxyRequest(request, found, { prefix, ...agent })
    }
  }
  return new Map([
    ['pods./log', podLogHandler(registry, kubelets)],
    ['pods./exec', podCommandHandler('exec', streams)],
    ['pods./attach', podCommandHandler('attach', streams)],
    ['pods./portforward', podPortForwardHandler(streams)],
    ['pods./proxy', proxy('PodProxyOptions', (namespace, id, path) => podTarget(store, namespace, id, path))],
    [
      'services./proxy',
      proxy('ServiceProxyOptions', (namespace, id, path) => serviceTarget(store, namespace, id, path)),
    ],
    [
      'nodes./proxy',
      proxy(
        'NodeProxyOptions',
        (_, id, path) =>
          nodeTarget(store, id, path) ?? kubelets.target(parseProxyName(id, 'node').name, path),
      ),
    ],
  ])
}

/**
 * The URL cut at `/proxy`: what stays ours, and path and query for the target as the client wrote them. `bare`: there was
 * no path, not even the root.
 */
function split({ message }: ApiRequest): { prefix: string; path: string; bare: boolean } {
  const url = message.url ?? '/'
  const end = url.search(/\?|$/)
  const at = url.slice(0, end).search(/\/proxy(\/|$)/)
  const prefix = url.slice(0, at + '/proxy'.length)
  const rest = url.slice(prefix.length)
  const bare = !rest.startsWith('/')
  return { prefix, path: bare ? `/${rest}` : rest, bare }
}
