import type { ApiRequest, RequestHandler } from './api-request.ts'
import { respondText } from './respond.ts'

/** Resolves when all is well; what it throws is why it is not. */
export type HealthCheck = () => void | Promise<void>

/**
 * `/healthz`, `/livez`, `/readyz` and one path per check below them. `?verbose` lists the checks, `?exclude=` leaves some
 * out.
 */
export function createHealthHandler(checks: Record<string, HealthCheck>): RequestHandler {
  return async (request) => {
    const [root = '', ...names] = request.info.path.split('/').filter(Boolean)
    const single = names.join('/')
    if (single && !checks[single]) return respondText(request, 404, '404 page not found\n')
    const excluded = new Set(request.query.getAll('exclude'))
    const chosen = Object.entries(checks).filter(([name]) => (single ? name === single : !excluded.has(name)))
    const results = await Promise.all(
      chosen.map(async ([name, check]) => ({ name, problem: await problemOf(check) })),
    )
    return answer(request, root, results, single !== '')
  }
}

async function problemOf(check: HealthCheck): Promise<Error | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    return error as Error
  }
}

function answer(
  request: ApiRequest,
  root: string,
  results: { name: string; problem: Error | undefined }[],
  isSingle: boolean,
): Promise<void> {
  const failed = results.some(({ problem }) => problem)
  if (!failed && (isSingle || !request.query.has('verbose'))) return respondText(request, 200, 'ok')
  if (isSingle) {
    return respondText(request, 500, `internal server error: ${results[0]?.problem?.message ?? 'failed'}\n`)
  }
  const lines = results.map(({ name, problem }) =>
    problem ? `[-]${name} failed: reason withheld` : `[+]${name} ok`,
  )
  const verdict = `${root} check ${failed ? 'failed' : 'passed'}`
  return respondText(request, failed ? 500 : 200, `${[...lines, verdict].join('\n')}\n`)
}
