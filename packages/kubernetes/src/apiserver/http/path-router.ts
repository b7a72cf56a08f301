import type { ApiRequest, RequestHandler } from './api-request.ts'
import { respondObject, respondText } from './respond.ts'

/**
 * Serves what is no resource. `paths` maps a path, or one ending in `/*` for everything below, to its handler; the
 * longest match wins. `/` lists them.
 */
export function createPathRouter(paths: Record<string, RequestHandler>): RequestHandler {
  const names = Object.keys(paths)
    .map((path) => path.replace(/\/\*$/, ''))
    .filter((path, index, all) => all.indexOf(path) === index)
    .sort()
  return (request: ApiRequest) => {
    const { path } = request.info
    if (path === '/') return respondObject(request, 200, { paths: names })
    const exact = paths[path] ?? paths[path.replace(/\/$/, '')]
    if (exact) return exact(request)
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const handler = paths[`${path.slice(0, end)}/*`]
      if (handler) return handler(request)
    }
    return respondText(request, 404, '404 page not found\n')
  }
}
