import type { RequestInfo } from './request-info.ts'

const buckets = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 8, 10, 20, 30, 45, 60]

interface Series {
  labels: string
  count: number
  seconds: number
  buckets: number[]
}

/** Counts what the server did, for `/metrics`, under upstream's names. */
export class RequestMetrics {
  #inflight = 0
  readonly #requests = new Map<string, { labels: string; count: number }>()
  readonly #durations = new Map<string, Series>()

  /** Call the result when the request is answered. */
  begin(): (info: RequestInfo | undefined, code: number) => void {
    const start = performance.now()
    this.#inflight++
    return (info, code) => {
      this.#inflight--
      this.#count(info, code, (performance.now() - start) / 1000)
    }
  }

  #count(info: RequestInfo | undefined, code: number, seconds: number): void {
    const {
      group = '',
      version = '',
      resource = '',
      subresource = '',
      verb = '',
    } = info?.isResource ? info : {}
    const scope = !info?.isResource ? '' : info.name ? 'resource' : info.namespace ? 'namespace' : 'cluster'
    const labels = `group="${group}",resource="${resource}",scope="${scope}",subresource="${subresource}",verb="${verb.toUpperCase()}",version="${version}"`
    const counted = `code="${code}",${labels}`
    const request = this.#requests.get(counted) ?? { labels: counted, count: 0 }
    request.count++
    this.#requests.set(counted, request)
    // How long a watch took says nothing about the server.
    if (verb === 'watch') return
    const series = this.#durations.get(labels) ?? {
      labels,
      count: 0,
      seconds: 0,
      buckets: buckets.map(() => 0),
    }
    series.count++
    series.seconds += seconds
    for (const [index, bound] of buckets.entries()) if (seconds <= bound) series.buckets[index]!++
    this.#durations.set(labels, series)
  }

  /** Prometheus text. */
  *lines(): Generator<string> {
    yield '# HELP apiserver_current_inflight_requests Maximal number of currently used inflight request limit of this apiserver per request kind in last second.'
    yield '# TYPE apiserver_current_inflight_requests gauge'
    yield `apiserver_current_inflight_requests{request_kind="all"} ${this.#inflight}`
    yield '# HELP apiserver_request_total Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.'
    yield '# TYPE apiserver_request_total counter'
    for (const { labels, count } of this.#requests.values())
      yield `apiserver_request_total{${labels}} ${count}`
    yield '# HELP apiserver_request_duration_seconds Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.'
    yield '# TYPE apiserver_request_duration_seconds histogram'
    for (const { labels, count, seconds, buckets: counts } of this.#durations.values()) {
      for (const [index, bound] of buckets.entries()) {
        yield `apiserver_request_duration_seconds_bucket{${labels},le="${bound}"} ${counts[index]}`
      }
      yield `apiserver_request_duration_seconds_bucket{${labels},le="+Inf"} ${count}`
      yield `apiserver_request_duration_seconds_sum{${labels}} ${seconds}`
      yield `apiserver_request_duration_seconds_count{${labels}} ${count}`
    }
  }
}
