import { parseTime } from '../../api/time.ts'
import { type Metric, metricsText } from './metrics-text.ts'
import type { NodeSample } from './node-statistics.ts'
import type { Usage } from './usage.ts'

type Samples = Metric['samples']
type Labels = Record<string, string>

/** `/metrics/resource`, what metrics-server reads: counters only, with the times they were read at. */
export function resourceMetrics({ node, pods }: NodeSample): string {
  const ofPods: [Labels, Usage][] = pods.flatMap(({ pod, usage }) => (usage ? [[labelsOf(pod), usage]] : []))
  const ofContainers: [Labels, Usage][] = pods.flatMap(({ pod, containers }) =>
    containers.flatMap(({ name, usage }): [Labels, Usage][] =>
      usage ? [[{ container: name, ...labelsOf(pod) }, usage]] : [],
    ),
  )
  const starts: Samples = pods.flatMap(({ pod, containers }) =>
    containers.map(({ name, startedAt }) => ({
      labels: { container: name, ...labelsOf(pod) },
      value: (parseTime(startedAt) ?? 0) / 1000,
    })),
  )
  return metricsText([
    counter('container_cpu_usage_seconds_total', 'container', ofContainers),
    gauge('container_memory_working_set_bytes', 'container', ofContainers),
    {
      name: 'container_start_time_seconds',
      help: '[STABLE] Start time of the container since unix epoch in seconds',
      type: 'gauge',
      samples: starts,
    },
    counter('node_cpu_usage_seconds_total', 'node', [[{}, node]]),
    gauge('node_memory_working_set_bytes', 'node', [[{}, node]]),
    counter('pod_cpu_usage_seconds_total', 'pod', ofPods),
    gauge('pod_memory_working_set_bytes', 'pod', ofPods),
    {
      name: 'resource_scrape_error',
      help: '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
      type: 'gauge',
      samples: [{ value: 0 }],
    },
  ])
}

function labelsOf({ metadata }: { metadata: { namespace: string; name: string } }): Labels {
  return { namespace: metadata.namespace, pod: metadata.name }
}

function counter(name: string, what: string, usages: [Labels, Usage][]): Metric {
  return {
    name,
    help: `[STABLE] Cumulative cpu time consumed by the ${what} in core-seconds`,
    type: 'counter',
    samples: usages.map(([labels, { cpu, time }]) => ({ labels, value: cpu / 1e9, time })),
  }
}

function gauge(name: string, what: string, usages: [Labels, Usage][]): Metric {
  return {
    name,
    help: `[STABLE] Current working set of the ${what} in bytes`,
    type: 'gauge',
    samples: usages.map(([labels, { memory, time }]) => ({ labels, value: memory.workingSetBytes, time })),
  }
}
