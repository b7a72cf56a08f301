import { request } from 'node:https'
import type { EngineContext, EngineHealth } from '../engine.ts'

const patience = 3000

/** Asks the API server and the kubelet how they are, at the same time. */
export async function probeEndpoints(
  context: EngineContext,
  server: string,
  admin: { ca: string; cert: string; key: string },
): Promise<EngineHealth> {
  const [apiserver, kubelet] = await Promise.all([
    probe(`${server}/readyz`, admin),
    probe(`https://127.0.0.1:${context.network.kubeletPort}/healthz`, admin),
  ])
  return { apiserver, kubelet }
}

function probe(
  url: string,
  admin: { ca: string; cert: string; key: string },
): Promise<'Running' | 'Stopped' | 'Error'> {
  return new Promise((resolve) => {
    const asked = request(url, { ...admin, timeout: patience, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200 ? 'Running' : 'Error')
    })
    asked.on('timeout', () => asked.destroy(new Error('timeout')))
    asked.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'Stopped' : 'Error'),
    )
    asked.end()
  })
}
