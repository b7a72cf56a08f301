import type { ContainerStats as CriStats } from '@minikube-ts/cri/generated/runtime-v1.ts'
import { toTime } from '../../api/time.ts'
import type { CpuStats, MemoryStats } from './summary.ts'

/** What a cgroup has used and uses. */
export interface Usage {
  /** Milliseconds since the epoch. */
  time: number
  /** Nanoseconds of processor time, since it exists. */
  cpu: number
  memory: Omit<MemoryStats, 'time'>
  processes?: number
}

/** Undefined when the runtime does not know yet. */
export function usageOfContainer({ cpu, memory }: CriStats): Usage | undefined {
  const used = cpu?.usageCoreNanoSeconds?.value
  const workingSetBytes = memory?.workingSetBytes?.value
  if (!cpu || used === undefined || workingSetBytes === undefined) return undefined
  return {
    time: cpu.timestamp / 1e6,
    cpu: used,
    memory: {
      workingSetBytes,
      ...(memory?.availableBytes?.value && { availableBytes: memory.availableBytes.value }),
      ...(memory?.usageBytes && { usageBytes: memory.usageBytes.value }),
      ...(memory?.rssBytes && { rssBytes: memory.rssBytes.value }),
      ...(memory?.pageFaults && { pageFaults: memory.pageFaults.value }),
      ...(memory?.majorPageFaults && { majorPageFaults: memory.majorPageFaults.value }),
    },
  }
}

/** Of a pod whose cgroup is not ours to read. Undefined for none. */
export function sumOfUsages(usages: readonly Usage[]): Usage | undefined {
  if (usages.length === 0) return undefined
  const sum = (value: (usage: Usage) => number): number =>
    usages.reduce((total, usage) => total + value(usage), 0)
  return {
    time: Math.max(...usages.map(({ time }) => time)),
    cpu: sum(({ cpu }) => cpu),
    memory: { workingSetBytes: sum(({ memory }) => memory.workingSetBytes) },
  }
}

/** In the summary's words. `rate`: nanocores. */
export function shownUsage(
  usage: Usage | undefined,
  rate: number | undefined,
): { cpu?: CpuStats; memory?: MemoryStats } {
  if (!usage) return {}
  const time = toTime(usage.time)
  return {
    cpu: { time, ...(rate !== undefined && { usageNanoCores: rate }), usageCoreNanoSeconds: usage.cpu },
    memory: { time, ...usage.memory },
  }
}
