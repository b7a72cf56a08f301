import type { Server } from 'node:http'
import { splitKey } from '../../client/informer.ts'
import type { Logger } from '../../log.ts'
import { http } from '../../node-http.ts'

/**
 * Tells load balancers on each Service's health check port whether this node has endpoints of it (externalTrafficPolicy
 * Local): 200 or 503, with a count.
 */
export class HealthChecks {
  readonly #address: string
  readonly #log: Logger
  readonly #checks = new Map<string, { port: number; server: Server; count: number }>()

  constructor(address: string, log: Logger) {
    this.#address = address
    this.#log = log
  }

  set(key: string, port: number | undefined, count: number): void {
    const known = this.#checks.get(key)
    if (known && known.port === port) {
      known.count = count
      return
    }
    if (known) {
      this.#checks.delete(key)
      close(known.server)
    }
    if (port) this.#checks.set(key, { port, server: this.#listen(key, port), count })
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#checks.values()].map(({ server }) => close(server)))
    this.#checks.clear()
  }

  #listen(key: string, port: number): Server {
    const server = http.createServer((_, response) => {
      const count = this.#checks.get(key)?.count ?? 0
      response.statusCode = count > 0 ? 200 : 503
      response.setHeader('content-type', 'application/json')
      response.setHeader('x-content-type-options', 'nosniff')
      response.setHeader('x-load-balancing-endpoint-weight', `${count}`)
      const service = splitKey(key)
      response.end(JSON.stringify({ service, localEndpoints: count, serviceProxyHealthy: true }))
    })
    server.on('error', (error) =>
      this.#log.warn('health check port not opened', { service: key, port, error }),
    )
    server.listen({ host: this.#address, port })
    return server
  }
}

function close(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
