import type { Aggregator } from '../aggregator/aggregator.ts'
import type { RemoteApi } from '../aggregator/remote-api.ts'
import type { ApiCore } from '../create-api-core.ts'
import { createOpenApiHandler } from '../openapi/create-handler.ts'
import type { ApiRequest, RequestHandler } from './api-request.ts'
import type { ApiServerOptions } from './api-server.ts'
import { createDiscovery } from './discovery.ts'
import { createHealthHandler, type HealthCheck } from './health.ts'
import { createPathRouter } from './path-router.ts'
import type { RequestMetrics } from './request-metrics.ts'
import { type ConnectHandler, createResourceHandler } from './resource-handler.ts'
import { respondBytes, respondObject, respondText } from './respond.ts'
import { serverVersion } from './version.ts'

export interface RoutesOptions {
  core: ApiCore
  aggregator: Aggregator
  metrics: RequestMetrics
  /** `host:port` under which clients reach this server. */
  advertise: () => string
  loadConnects: () => Promise<ReadonlyMap<string, ConnectHandler>>
  checks?: Record<string, HealthCheck>
}

/** Everything that the server answers. */
export function createRoutes(options: RoutesOptions): Pick<ApiServerOptions, 'route' | 'isLongRunning'> {
  const { core, aggregator, metrics, loadConnects } = options
  const { api, catalog, auth } = core
  const resources = createResourceHandler({ api, catalog, auth, connects, loadConnects })
  const discovery = createDiscovery(catalog, aggregator, options.advertise)
  const health = createHealthHandler({ ping: () => {}, etcd: () => {}, ...options.checks })
  const openApi = createOpenApiHandler(catalog, serverVersion.gitVersion)
  const document = (body: object | undefined, contentType: string): RequestHandler => {
    return (request) =>
      body
        ? respondBytes(request, 200, contentType, Buffer.from(JSON.stringify(body)), {
            'cache-control': 'public, max-age=3600',
          })
        : respondText(request, 404, '404 page not found\n')
  }
  const paths = createPathRouter({
    '/api': discovery,
    '/api/*': discovery,
    '/apis': discovery,
    '/apis/*': discovery,
    '/healthz': health,
    '/healthz/*': health,
    '/livez': health,
    '/livez/*': health,
    '/readyz': health,
    '/readyz/*': health,
    '/metrics': (request) =>
      respondBytes(
        request,
        200,
        'text/plain; version=0.0.4',
        Buffer.from(`${[...metrics.lines()].join('\n')}\n`),
      ),
    '/openapi/v2': openApi,
    '/openapi/v3': openApi,
    '/openapi/v3/*': openApi,
    '/version': (request) => respondObject(request, 200, serverVersion, { encoding: 'json' }),
    '/.well-known/openid-configuration': document(auth.openidConfiguration, 'application/json'),
    '/openid/v1/jwks': document(auth.jwks, 'application/jwk-set+json'),
  })
  const remoteOf = ({ info: { path } }: ApiRequest): RemoteApi | undefined => {
    const [, prefix, group, version] = path.split('/', 4)
    return prefix === 'apis' && group && version ? aggregator.find(group, version) : undefined
  }
  return {
    route: (request) => {
      const remote = remoteOf(request)
      if (remote) return aggregator.handle(request, remote)
      return request.info.isResource ? resources(request) : paths(request)
    },
    isLongRunning,
  }
}

const connects = new Set([
  'pods./attach',
  'pods./exec',
  'pods./log',
  'pods./portforward',
  'pods./proxy',
  'services./proxy',
  'nodes./proxy',
])
const longRunningSubresources = new Set([...connects].map((path) => path.slice(path.indexOf('/') + 1)))

function isLongRunning({ info }: ApiRequest): boolean {
  return info.verb === 'watch' || longRunningSubresources.has(info.subresource)
}
