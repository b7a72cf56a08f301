import { readdirSync } from 'node:fs'
import type { Init } from '@minikube-ts/cri/call.ts'
import type { HugepageLimit, LinuxContainerResources } from '@minikube-ts/cri/generated/runtime-v1.ts'
import { quantityMilliValue, quantityValue } from '../../api/quantity.ts'
import { podRequests } from '../../api/scheduling/pod-resources.ts'
import type { Container } from '../../api/types/core-v1.ts'
import { milliCpuToQuota, milliCpuToShares, quotaPeriod } from '../cgroups/cpu.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { podLimits } from '../pods/pod-limits.ts'
import { oomScoreAdjust } from './oom-score.ts'

/** What a container may use, for the runtime. `memoryCapacity` is the node's, bytes. */
export function containerResources(
  pod: NodePod,
  container: Container,
  memoryCapacity: number,
): Init<LinuxContainerResources> {
  const { requests, limits } = container.resources ?? {}
  const podLevel = pod.spec.resources?.limits
  const cpuLimit = quantityMilliValue(limits?.cpu) || quantityMilliValue(podLevel?.cpu)
  const memoryLimit = quantityValue(limits?.memory) || quantityValue(podLevel?.memory)
  const cpuRequest = requests?.cpu === undefined ? undefined : quantityMilliValue(requests.cpu)
  return {
    ...cpuAndMemory(cpuRequest, cpuLimit, memoryLimit),
    oomScoreAdj: oomScoreAdjust(pod, container, memoryCapacity),
    hugepageLimits: hugepageLimits({ ...podLevel, ...limits }),
  }
}

/** What the pod as a whole may use: told to runtimes that size a sandbox (virtual machines). */
export function sandboxResources(pod: NodePod): {
  resources: Init<LinuxContainerResources>
  overhead: Init<LinuxContainerResources>
} {
  const { overhead } = pod.spec
  const requests = podRequests({ ...pod, spec: { ...pod.spec, overhead: {} } })
  const limits = podLimits(pod)
  return {
    resources: cpuAndMemory(requests.get('cpu'), limits.get('cpu') ?? 0, limits.get('memory') ?? 0),
    overhead: overhead
      ? cpuAndMemory(
          quantityMilliValue(overhead.cpu),
          quantityMilliValue(overhead.cpu),
          quantityValue(overhead.memory),
        )
      : {},
  }
}

/** Millicores and bytes. Without a request the limit counts as one. */
function cpuAndMemory(
  cpuRequest: number | undefined,
  cpuLimit: number,
  memoryLimit: number,
): Init<LinuxContainerResources> {
  return {
    cpuShares: milliCpuToShares(cpuRequest ?? cpuLimit),
    cpuQuota: milliCpuToQuota(cpuLimit),
    cpuPeriod: quotaPeriod,
    ...(memoryLimit > 0 && { memoryLimitInBytes: memoryLimit }),
  }
}

let pageSizes: string[] | undefined

/** The node's huge page sizes as runtimes write them: `2MB`, `1GB`. */
function hugePageSizes(): string[] {
  if (!pageSizes) {
    let names: string[] = []
    try {
      names = readdirSync('/sys/kernel/mm/hugepages')
    } catch {
      // A kernel without them.
    }
    pageSizes = names.map((name) => sizeName(Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0) * 1024))
  }
  return pageSizes
}

function sizeName(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let unit = 0
  let size = bytes
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${size}${units[unit]}`
}

/** Every size gets a limit: what is not asked for is not to be had. */
function hugepageLimits(limits: Record<string, string>): Init<HugepageLimit>[] {
  const wanted = new Map<string, number>()
  for (const [name, amount] of Object.entries(limits)) {
    const size = /^hugepages-(.+)$/.exec(name)?.[1]
    if (size) wanted.set(sizeName(quantityValue(size)), quantityValue(amount))
  }
  return hugePageSizes().map((pageSize) => ({ pageSize, limit: wanted.get(pageSize) ?? 0 }))
}
