import { setTimeout as delay } from 'node:timers/promises'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { ContainerStats as CriStats } from '@minikube-ts/cri/generated/runtime-v1.ts'
import { parseTime, toTime } from '../../api/time.ts'
import type { PodStatus } from '../../api/types/core-v1.ts'
import type { NodeConfig } from '../../node-config.ts'
import { type CgroupFiles, openCgroupFiles } from '../cgroups/cgroup-files.ts'
import { containerNameLabel, podUidLabel } from '../containers/labels.ts'
import type { NodePod } from '../pods/node-pod.ts'
import type { KubeletServerSource } from '../server/kubelet-server-source.ts'
import { readCgroupUsage } from './cgroup-usage.ts'
import { CpuRates } from './cpu-rates.ts'
import { bootTime, readMachineUsage } from './machine-usage.ts'
import type { ContainerStats, PodStats, Summary } from './summary.ts'
import { shownUsage, sumOfUsages, type Usage, usageOfContainer } from './usage.ts'

/** How far apart the two looks are that it takes to tell what is used now, when nobody has looked lately. */
const pairMs = 500

export interface NodeStatisticsOptions {
  config: NodeConfig
  cri: CriClient
  source: KubeletServerSource
}

/** A pod with the runtime's words on its running containers. */
export interface PodSample {
  pod: NodePod
  status: PodStatus
  usage: Usage | undefined
  containers: { name: string; id: string; startedAt: string; usage: Usage | undefined; stats: CriStats }[]
}

export interface NodeSample {
  node: Usage
  /** All pods together. */
  allPods: Usage | undefined
  pods: PodSample[]
}

/**
 * What the node and its pods use, looked up when somebody asks: counters from the runtime and the kernel, and rates
 * against the time that they were last looked at.
 */
export class NodeStatistics {
  private readonly options: NodeStatisticsOptions
  private readonly rates = new CpuRates()
  private files: Promise<CgroupFiles> | undefined
  private booted: Promise<number> | undefined
  private summarizing: Promise<{ sample: NodeSample; summary: Summary }> | undefined

  constructor(options: NodeStatisticsOptions) {
    this.options = options
  }

  /** Processors and memory of everything, as `/stats/summary?only_cpu_and_memory=true` shows them. */
  async summary(): Promise<{ sample: NodeSample; summary: Summary }> {
    // Who asks meanwhile gets the same answer.
    this.summarizing ??= this.summarize().finally(() => {
      this.summarizing = undefined
    })
    return this.summarizing
  }

  private async summarize(): Promise<{ sample: NodeSample; summary: Summary }> {
    const first = await this.sample()
    const summary = await this.shown(first)
    if (!lacksRates(summary)) return { sample: first, summary }
    await delay(pairMs)
    const sample = await this.sample()
    return { sample, summary: await this.shown(sample) }
  }

  /** One look at all counters. @throws CriError */
  async sample(): Promise<NodeSample> {
    const { config, cri, source } = this.options
    this.files ??= openCgroupFiles()
    const files = await this.files
    const [node, allPods, { stats }] = await Promise.all([
      readMachineUsage(files),
      readCgroupUsage(files, config.cgroupRoot),
      cri.listContainerStats({}),
    ])
    const byPod = Map.groupBy(stats, (one) => one.attributes?.labels[podUidLabel] ?? '')
    const pods = await Promise.all(
      source.pods().map((pod) => this.samplePod(files, pod, byPod.get(pod.metadata.uid) ?? [])),
    )
    return { node, allPods, pods: pods.filter((one) => one !== undefined) }
  }

  /** Undefined when nothing of it runs. */
  private async samplePod(
    files: CgroupFiles,
    pod: NodePod,
    stats: readonly CriStats[],
  ): Promise<PodSample | undefined> {
    const { config, source } = this.options
    const status = source.status(pod.metadata.uid) ?? {}
    const containers = stats.flatMap((one) => {
      const name = one.attributes?.labels[containerNameLabel] ?? ''
      const id = one.attributes?.id ?? ''
      const startedAt = startOf(status, name, id)
      return startedAt === undefined
        ? []
        : [{ name, id, startedAt, usage: usageOfContainer(one), stats: one }]
    })
    if (containers.length === 0) return undefined
    const own =
      config.cgroupDriver === 'cgroupfs' ? await readCgroupUsage(files, source.cgroupOf(pod)) : undefined
    const known = containers.flatMap(({ usage }) => usage ?? [])
    return { pod, status, usage: own ?? sumOfUsages(known), containers }
  }

  private async shown({ node, allPods, pods }: NodeSample): Promise<Summary> {
    this.rates.prune(Date.now())
    this.booted ??= bootTime()
    const startTime = toTime(await this.booted)
    const shown = (key: string, usage: Usage | undefined): ReturnType<typeof shownUsage> =>
      shownUsage(usage, usage && this.rates.next(key, usage.time, usage.cpu))
    return {
      node: {
        nodeName: this.options.config.nodeName,
        systemContainers: allPods ? [{ name: 'pods', startTime, ...shown('pods', allPods) }] : [],
        startTime,
        ...shown('node', node),
      },
      pods: pods.map(({ pod, status, usage, containers }): PodStats => {
        const { name, namespace, uid } = pod.metadata
        return {
          podRef: { name, namespace, uid },
          startTime: status.startTime ?? startTime,
          containers: containers.map(
            (one): ContainerStats => ({
              name: one.name,
              startTime: one.startedAt,
              ...shown(one.id, one.usage),
            }),
          ),
          ...shown(uid, usage),
          ...(usage?.processes !== undefined && { process_stats: { process_count: usage.processes } }),
        }
      }),
    }
  }
}

function lacksRates({ node, pods }: Summary): boolean {
  const lacks = ({ cpu }: Pick<ContainerStats, 'cpu'>): boolean =>
    cpu !== undefined && cpu.usageNanoCores === undefined
  return lacks(node) || pods.some((pod) => lacks(pod) || pod.containers.some(lacks))
}

/** When the container began that has this id; undefined when it does not run. */
function startOf(status: PodStatus, name: string, id: string): string | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status
  const found = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
    (one) => one.name === name && one.containerID?.endsWith(`//${id}`),
  )
  const startedAt = found?.state?.running?.startedAt
  return parseTime(startedAt) === undefined ? undefined : startedAt
}
