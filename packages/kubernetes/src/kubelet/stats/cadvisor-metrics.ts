import { cpus, totalmem } from 'node:os'
import { type Metric, metricsText } from './metrics-text.ts'
import type { NodeSample } from './node-statistics.ts'
import type { Summary } from './summary.ts'
import type { Usage } from './usage.ts'

type Labels = Record<string, string>

/** `/metrics/cadvisor`: of what cAdvisor tells, what dashboards of pods are made of. */
export function cadvisorMetrics(sample: NodeSample, { pods }: Summary): string {
  const usages = usagesOf(sample)
  const value = (
    name: string,
    help: string,
    type: Metric['type'],
    read: (usage: Usage) => number | undefined,
    extra: Labels = {},
  ): Metric => ({
    name,
    help,
    type,
    samples: usages.flatMap(([labels, usage]) => {
      const found = read(usage)
      return found === undefined ? [] : [{ labels: { ...labels, ...extra }, value: found, time: usage.time }]
    }),
  })
  const network = (name: string, help: string, read: (stats: Interface) => number): Metric => ({
    name,
    help,
    type: 'counter',
    samples: pods.flatMap(({ podRef, network }) =>
      (network?.interfaces ?? []).map((one) => ({
        labels: { interface: one.name, namespace: podRef.namespace, pod: podRef.name },
        value: read(one),
      })),
    ),
  })
  return metricsText([
    value(
      'container_cpu_usage_seconds_total',
      'Cumulative cpu time consumed in seconds.',
      'counter',
      ({ cpu }) => cpu / 1e9,
      { cpu: 'total' },
    ),
    {
      name: 'container_fs_usage_bytes',
      help: 'Number of bytes that are consumed by the container on this filesystem.',
      type: 'gauge',
      samples: pods.flatMap(({ podRef, containers }) =>
        containers.flatMap(({ name, rootfs }) =>
          rootfs
            ? [
                {
                  labels: { container: name, namespace: podRef.namespace, pod: podRef.name },
                  value: rootfs.usedBytes ?? 0,
                },
              ]
            : [],
        ),
      ),
    },
    value('container_memory_rss', 'Size of RSS in bytes.', 'gauge', ({ memory }) => memory.rssBytes),
    value(
      'container_memory_usage_bytes',
      'Current memory usage in bytes, including all memory regardless of when it was accessed',
      'gauge',
      ({ memory }) => memory.usageBytes,
    ),
    value(
      'container_memory_working_set_bytes',
      'Current working set in bytes.',
      'gauge',
      ({ memory }) => memory.workingSetBytes,
    ),
    network(
      'container_network_receive_bytes_total',
      'Cumulative count of bytes received',
      (one) => one.rxBytes,
    ),
    network(
      'container_network_receive_errors_total',
      'Cumulative count of errors encountered while receiving',
      (one) => one.rxErrors,
    ),
    network(
      'container_network_transmit_bytes_total',
      'Cumulative count of bytes transmitted',
      (one) => one.txBytes,
    ),
    network(
      'container_network_transmit_errors_total',
      'Cumulative count of errors encountered while transmitting',
      (one) => one.txErrors,
    ),
    {
      name: 'machine_cpu_cores',
      help: 'Number of logical CPU cores.',
      type: 'gauge',
      samples: [{ value: cpus().length }],
    },
    {
      name: 'machine_memory_bytes',
      help: 'Amount of memory installed on the machine.',
      type: 'gauge',
      samples: [{ value: totalmem() }],
    },
  ])
}

type Interface = NonNullable<Summary['pods'][number]['network']>['interfaces'][number]

/** The machine is the cgroup `/`, a pod a cgroup without a container. */
function usagesOf({ node, pods }: NodeSample): [Labels, Usage][] {
  return [
    [{ container: '', id: '/', image: '', name: '', namespace: '', pod: '' }, node],
    ...pods.flatMap(({ pod, usage, containers }): [Labels, Usage][] => {
      const { namespace, name } = pod.metadata
      const image = (container: string): string =>
        pod.spec.containers.find((one) => one.name === container)?.image ?? ''
      return [
        ...(usage
          ? [[{ container: '', image: '', name: '', namespace, pod: name }, usage] as [Labels, Usage]]
          : []),
        ...containers.flatMap((one): [Labels, Usage][] =>
          one.usage
            ? [
                [
                  { container: one.name, image: image(one.name), name: one.id, namespace, pod: name },
                  one.usage,
                ],
              ]
            : [],
        ),
      ]
    }),
  ]
}
