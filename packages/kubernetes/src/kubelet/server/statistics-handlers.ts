import { cadvisorMetrics } from '../stats/cadvisor-metrics.ts'
import { completeSummary } from '../stats/full-summary.ts'
import { metricsText } from '../stats/metrics-text.ts'
import { NodeStatistics } from '../stats/node-statistics.ts'
import { resourceMetrics } from '../stats/resource-metrics.ts'
import type { KubeletHandler, KubeletRequest } from './kubelet-request.ts'
import { pageNotFound } from './page-not-found.ts'
import { respond, respondJson } from './respond.ts'
import type { KubeletServerOptions } from './start-kubelet-server.ts'

const textFormat = 'text/plain; version=0.0.4; charset=utf-8'

/** `/stats/summary`, `/metrics` and what is below that. */
export function statisticsHandlers(options: KubeletServerOptions): Record<string, KubeletHandler> {
  const statistics = new NodeStatistics(options)
  const text = (request: KubeletRequest, body: string): void => respond(request, textFormat, body)
  return {
    async stats(request) {
      if (request.parts.length !== 2 || request.parts[1] !== 'summary') throw pageNotFound()
      const { sample, summary } = await statistics.summary()
      const isShort = request.query.get('only_cpu_and_memory') === 'true'
      respondJson(request, isShort ? summary : await completeSummary(options, sample, summary))
    },
    async metrics(request) {
      const [, which, ...more] = request.parts
      if (more.length > 0) throw pageNotFound()
      if (which === undefined) text(request, ownMetrics(options))
      else if (which === 'resource') text(request, resourceMetrics(await statistics.sample()))
      else if (which === 'cadvisor') {
        const { sample, summary } = await statistics.summary()
        text(request, cadvisorMetrics(sample, await completeSummary(options, sample, summary)))
      } else throw pageNotFound()
    },
  }
}

function ownMetrics({ config, source }: KubeletServerOptions): string {
  const states = { running: 0, exited: 0, created: 0 }
  let running = 0
  for (const { metadata } of source.pods()) {
    const { containerStatuses = [], initContainerStatuses = [] } = source.status(metadata.uid) ?? {}
    const all = [...containerStatuses, ...initContainerStatuses]
    if (all.some(({ state }) => state?.running)) running++
    for (const { state, containerID } of all) {
      if (state?.running) states.running++
      else if (state?.terminated) states.exited++
      else if (containerID) states.created++
    }
  }
  const { user, system } = process.cpuUsage()
  return metricsText([
    {
      name: 'kubelet_node_name',
      help: "[ALPHA] The node's name. The count is always 1.",
      type: 'gauge',
      samples: [{ labels: { node: config.nodeName }, value: 1 }],
    },
    {
      name: 'kubelet_running_containers',
      help: '[ALPHA] Number of containers currently running',
      type: 'gauge',
      samples: Object.entries(states).map(([state, value]) => ({
        labels: { container_state: state },
        value,
      })),
    },
    {
      name: 'kubelet_running_pods',
      help: '[ALPHA] Number of pods that have a running pod sandbox',
      type: 'gauge',
      samples: [{ value: running }],
    },
    {
      name: 'process_cpu_seconds_total',
      help: 'Total user and system CPU time spent in seconds.',
      type: 'counter',
      samples: [{ value: (user + system) / 1e6 }],
    },
    {
      name: 'process_resident_memory_bytes',
      help: 'Resident memory size in bytes.',
      type: 'gauge',
      samples: [{ value: process.memoryUsage.rss() }],
    },
    {
      name: 'process_start_time_seconds',
      help: 'Start time of the process since unix epoch in seconds.',
      type: 'gauge',
      samples: [{ value: Math.round(Date.now() / 1000 - process.uptime()) }],
    },
  ])
}
