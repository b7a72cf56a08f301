import { dirname, join } from 'node:path'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { PodSandboxState } from '@minikube-ts/cri/generated/runtime-v1.ts'
import { toTime } from '../../api/time.ts'
import type { NodeConfig } from '../../node-config.ts'
import { podUidLabel } from '../containers/labels.ts'
import { containerLogPath, podLogsDirectory } from '../containers/log-paths.ts'
import { VolumePaths } from '../volumes/volume-paths.ts'
import { directoryUsage, fileSystemUsage } from './file-system-usage.ts'
import { processLimits } from './machine-usage.ts'
import { readNetworkUsage } from './network-usage.ts'
import type { NodeSample, PodSample } from './node-statistics.ts'
import type { FsStats, NetworkStats, PodStats, Summary, VolumeStats } from './summary.ts'

interface Options {
  config: NodeConfig
  cri: CriClient
}

/** Adds what is on disks and has gone through networks to a summary of processors and memory; in place. */
export async function completeSummary(
  { cri, config }: Options,
  sample: NodeSample,
  summary: Summary,
): Promise<Summary> {
  const time = toTime(Date.now())
  const [network, fs, imageFs, limits, sandboxes] = await Promise.all([
    networkStats(time, '/proc/self/net/dev'),
    fileSystemUsage(config.rootDir),
    imageFileSystem(cri, time),
    processLimits(),
    readySandboxes(cri),
  ])
  const diskSpace: FsStats = { time, ...fs }
  Object.assign(summary.node, {
    ...(network && { network }),
    fs: diskSpace,
    ...(imageFs && { runtime: { imageFs, containerFs: imageFs } }),
    rlimit: { time, ...limits },
  })
  await Promise.all(
    sample.pods.map(async (pod, at) => {
      const sandbox = sandboxes.get(pod.pod.metadata.uid)
      const network = sandbox && !pod.pod.spec.hostNetwork ? await podNetwork(cri, time, sandbox) : undefined
      const stats = summary.pods[at]!
      if (network) stats.network = network
      await addDiskUse(config, pod, stats, diskSpace)
    }),
  )
  return summary
}

async function networkStats(time: string, table: string): Promise<NetworkStats | undefined> {
  const interfaces = await readNetworkUsage(table).catch(() => [])
  const [main] = interfaces
  return main && { time, ...main, interfaces }
}

async function imageFileSystem(cri: CriClient, time: string): Promise<FsStats | undefined> {
  const { imageFilesystems } = await cri.imageFsInfo({})
  const [found] = imageFilesystems
  const mountpoint = found?.fsId?.mountpoint
  if (!found || !mountpoint) return undefined
  const whole = await fileSystemUsage(mountpoint).catch(() => ({}))
  return {
    time,
    ...whole,
    ...(found.usedBytes && { usedBytes: found.usedBytes.value }),
    ...(found.inodesUsed && { inodesUsed: found.inodesUsed.value }),
  }
}

/** By the uid of their pod. */
async function readySandboxes(cri: CriClient): Promise<Map<string, string>> {
  const { items } = await cri.listPodSandbox({ filter: { state: { state: PodSandboxState.SANDBOX_READY } } })
  return new Map(items.map(({ id, labels }) => [labels[podUidLabel] ?? '', id]))
}

/** Through the process that holds the sandbox's namespaces; containerd and CRI-O both tell which one that is. */
async function podNetwork(
  cri: CriClient,
  time: string,
  podSandboxId: string,
): Promise<NetworkStats | undefined> {
  try {
    const { info } = await cri.podSandboxStatus({ podSandboxId, verbose: true })
    const { pid } = JSON.parse(info.info ?? '{}') as { pid?: number }
    return pid ? await networkStats(time, `/proc/${pid}/net/dev`) : undefined
  } catch {
    return undefined
  }
}

/** What containers have written to themselves and their logs, and what is in the pod's own volumes. */
async function addDiskUse(
  config: NodeConfig,
  { pod, containers }: PodSample,
  stats: PodStats,
  disk: FsStats,
): Promise<void> {
  const { time } = disk
  const space = fileSystemOf(disk)
  const logs = podLogsDirectory(config.podLogsDir, pod.metadata)
  const volumes = await ownVolumes(config, pod, space)
  let usedBytes = volumes.reduce(
    (sum, volume) => sum + (volume.isInMemory ? 0 : (volume.stats.usedBytes ?? 0)),
    0,
  )
  for (const container of stats.containers) {
    const writable = containers.find(({ name }) => name === container.name)?.stats.writableLayer
    if (writable) {
      container.rootfs = {
        time,
        ...space,
        usedBytes: writable.usedBytes?.value ?? 0,
        inodesUsed: writable.inodesUsed?.value ?? 0,
      }
    }
    const directory = dirname(join(logs, containerLogPath(container.name, 0)))
    container.logs = { time, ...space, ...(await directoryUsage(directory)) }
    usedBytes += (container.rootfs?.usedBytes ?? 0) + (container.logs.usedBytes ?? 0)
  }
  stats['ephemeral-storage'] = { time, ...space, usedBytes }
  if (volumes.length > 0) stats.volume = volumes.map((volume) => volume.stats)
}

function fileSystemOf({ availableBytes, capacityBytes, inodes, inodesFree }: FsStats): Omit<FsStats, 'time'> {
  return {
    ...(availableBytes !== undefined && { availableBytes }),
    ...(capacityBytes !== undefined && { capacityBytes }),
    ...(inodes !== undefined && { inodes }),
    ...(inodesFree !== undefined && { inodesFree }),
  }
}

/** emptyDirs: the volumes that grow and belong to the pod alone. */
async function ownVolumes(
  config: NodeConfig,
  { metadata: { uid }, spec }: PodSample['pod'],
  space: Omit<FsStats, 'time'>,
): Promise<{ isInMemory: boolean; stats: VolumeStats }[]> {
  const paths = new VolumePaths(config.rootDir)
  const time = toTime(Date.now())
  return Promise.all(
    (spec.volumes ?? [])
      .filter(({ emptyDir }) => emptyDir)
      .map(async ({ name, emptyDir }) => {
        const path = paths.volume(uid, 'empty-dir', name)
        const isInMemory = emptyDir?.medium === 'Memory'
        const usage = isInMemory
          ? await fileSystemUsage(path).catch(() => ({}))
          : { ...space, ...(await directoryUsage(path)) }
        return { isInMemory, stats: { time, ...usage, name } }
      }),
  )
}
