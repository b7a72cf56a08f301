import { http } from '../../node-http.ts'
import type { Query } from '../wire/query.ts'
import type { Listener } from './listener.ts'

const codes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']
const types = new Map([
  [1, 'A'],
  [28, 'AAAA'],
  [33, 'SRV'],
  [12, 'PTR'],
  [5, 'CNAME'],
  [16, 'TXT'],
  [15, 'MX'],
  [6, 'SOA'],
  [2, 'NS'],
])

/** Counts for Prometheus, under the names that CoreDNS gives them. */
export class DnsMetrics {
  readonly #responses = new Map<string, number>()
  readonly #requests = new Map<string, number>()

  count = (query: Query, code: number): void => {
    const type = types.get(query.type) ?? 'other'
    const rcode = codes[code] ?? `${code}`
    this.#requests.set(type, (this.#requests.get(type) ?? 0) + 1)
    this.#responses.set(rcode, (this.#responses.get(rcode) ?? 0) + 1)
  }

  get text(): string {
    return [
      '# HELP coredns_dns_requests_total Counter of DNS requests made per zone, protocol and family.',
      '# TYPE coredns_dns_requests_total counter',
      ...[...this.#requests].map(([type, count]) => `coredns_dns_requests_total{type="${type}"} ${count}`),
      '# HELP coredns_dns_responses_total Counter of response status codes.',
      '# TYPE coredns_dns_responses_total counter',
      ...[...this.#responses].map(([code, count]) => `coredns_dns_responses_total{rcode="${code}"} ${count}`),
      '',
    ].join('\n')
  }
}

/** Serves `/metrics`, and `/health` and `/ready` for those who look there. */
export function listenMetrics(metrics: DnsMetrics, address: string, port: number): Promise<Listener> {
  const { promise, resolve, reject } = Promise.withResolvers<Listener>()
  const server = http.createServer((request, response) => {
    if (request.url === '/metrics') {
      response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
      response.end(metrics.text)
    } else {
      response.statusCode = request.url === '/health' || request.url === '/ready' ? 200 : 404
      response.end(response.statusCode === 200 ? 'OK' : 'not found\n')
    }
  })
  server.once('error', reject)
  server.listen({ host: address, port }, () => {
    const bound = server.address()
    resolve({
      port: typeof bound === 'object' && bound ? bound.port : port,
      close() {
        server.closeAllConnections()
        return new Promise((closed) => server.close(() => closed()))
      },
    })
  })
  return promise
}
