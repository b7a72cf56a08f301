import { readFile } from 'node:fs/promises'
import type { CgroupFiles } from '../cgroups/cgroup-files.ts'
import { readCgroupCpu } from './cgroup-usage.ts'
import type { Usage } from './usage.ts'

/** /proc/stat counts in hundredths of a second, whatever the kernel's own clock does. */
const nanosecondsPerTick = 1e7

/** What the whole machine uses; of a node in a container, the processor time of that alone. */
export async function readMachineUsage(files: CgroupFiles): Promise<Usage> {
  const [cpu, { total, workingSetBytes, ...memory }, vmstat] = await Promise.all([
    readCgroupCpu(files, '/').catch(() => busyTime()),
    readMachineMemory(),
    readFile('/proc/vmstat', 'utf8'),
  ])
  const faults = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(vmstat)?.[1] ?? 0)
  return {
    time: Date.now(),
    cpu,
    memory: {
      availableBytes: total - workingSetBytes,
      workingSetBytes,
      ...memory,
      pageFaults: faults('pgfault'),
      majorPageFaults: faults('pgmajfault'),
    },
  }
}

/** Bytes. The working set is what is not free and not merely a file's copy that nobody has looked at lately. */
export async function readMachineMemory(): Promise<{
  total: number
  usageBytes: number
  workingSetBytes: number
  rssBytes: number
}> {
  const text = await readFile('/proc/meminfo', 'utf8')
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024
  const total = bytes('MemTotal')
  const usageBytes = total - bytes('MemFree')
  const workingSetBytes = Math.max(0, usageBytes - bytes('Inactive\\(file\\)'))
  return { total, usageBytes, workingSetBytes, rssBytes: bytes('AnonPages') }
}

async function busyTime(): Promise<number> {
  const stat = await readFile('/proc/stat', 'utf8')
  // user nice system idle iowait irq softirq steal; guests are in user already.
  const ticks = /^cpu +(.*)$/m.exec(stat)![1]!.split(' ').slice(0, 8).map(Number)
  return ticks.reduce((sum, each, at) => (at === 3 || at === 4 ? sum : sum + each), 0) * nanosecondsPerTick
}

/** Milliseconds since the epoch at which the machine came up. */
export async function bootTime(): Promise<number> {
  const stat = await readFile('/proc/stat', 'utf8')
  return Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000
}

export async function processLimits(): Promise<{ maxpid: number; curproc: number }> {
  const [max, load] = await Promise.all([
    readFile('/proc/sys/kernel/pid_max', 'utf8'),
    readFile('/proc/loadavg', 'utf8'),
  ])
  return { maxpid: Number(max), curproc: Number(/\d+\/(\d+)/.exec(load)?.[1] ?? 0) }
}
