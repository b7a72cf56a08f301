import type { ApiRequest, RequestHandler } from '../http/api-request.ts'
import { parseAccept } from '../http/negotiate.ts'
import { respondBytes, respondObject, respondText } from '../http/respond.ts'
import type { ResourceCatalog } from '../registry/resource-catalog.ts'
import type { OpenApi } from './open-api.ts'

const json = 'application/json'
/** Swagger as gnostic's message; the name with the dot is the one that is answered with. */
const swaggerMessage = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const swaggerTypes = new Map<string, 'json' | 'protobuf'>([
  [json, 'json'],
  [swaggerMessage, 'protobuf'],
  ['application/com.github.proto-openapi.spec.v2@v1.0+protobuf', 'protobuf'],
  ['application/*', 'json'],
  ['*/*', 'json'],
])

/** Serves `/openapi/v2`, `/openapi/v3` and what is below it, of what the catalog holds. */
export function createOpenApiHandler(catalog: ResourceCatalog, version: string): RequestHandler {
  let made: Promise<OpenApi> | undefined
  // Few clients ask; those that do not should not pay for it at the start.
  const openApi = (): Promise<OpenApi> => {
    made ??= import('./open-api.ts').then(({ OpenApi }) => {
      const api = new OpenApi(
        {
          resources: () => [...catalog.all()].map(({ info }) => info),
          customSchema: (info) => catalog.find(info)?.openApiSchema,
        },
        version,
      )
      catalog.onChange(() => api.forget())
      return api
    })
    return made
  }
  return async (request) => {
    const path = request.info.path.replace(/\/$/, '')
    const api = await openApi()
    if (path === '/openapi/v2') return respondSwagger(request, api)
    if (path === '/openapi/v3') return respondObject(request, 200, api.index(), { encoding: 'json' })
    const name = path.startsWith('/openapi/v3/') ? path.slice('/openapi/v3/'.length) : ''
    return respondGroupVersion(request, api, name)
  }
}

async function respondSwagger(request: ApiRequest, api: OpenApi): Promise<void> {
  const accept = String(request.message.headers.accept ?? json)
  const format = parseAccept(accept).flatMap(({ type }) => swaggerTypes.get(type) ?? [])[0]
  if (!format) return respondText(request, 406, '406 Not Acceptable\n')
  const etag = `"${api.v2Etag()}"`
  if (isKnown(request, etag)) return respondNotModified(request, etag)
  const type = format === 'json' ? json : swaggerMessage
  return respondBytes(request, 200, type, api.v2(format).bytes, { etag, vary: 'Accept' })
}

/** With the right hash the answer never changes; with another one the client is told where the right one is. */
async function respondGroupVersion(request: ApiRequest, api: OpenApi, name: string): Promise<void> {
  const url = api.index().paths[name]?.serverRelativeURL
  if (!url) return respondText(request, 404, '404 page not found\n')
  const hash = url.slice(url.indexOf('=') + 1)
  const asked = request.query.get('hash')
  if (asked && asked !== hash) {
    return respondBytes(request, 301, 'text/plain; charset=utf-8', Buffer.alloc(0), { location: url })
  }
  const etag = `"${hash}"`
  if (isKnown(request, etag)) return respondNotModified(request, etag)
  const headers: Record<string, string> = { etag, vary: 'Accept' }
  if (asked) {
    headers['cache-control'] = 'public, immutable'
    headers.expires = new Date(Date.now() + 365 * 24 * 3600 * 1000).toUTCString()
  }
  return respondBytes(request, 200, json, api.v3(name)!.bytes, headers)
}

function isKnown({ message }: ApiRequest, etag: string): boolean {
  const tags = String(message.headers['if-none-match'] ?? '')
  return tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}

function respondNotModified({ response }: ApiRequest, etag: string): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(304, { etag })
  response.end()
}
