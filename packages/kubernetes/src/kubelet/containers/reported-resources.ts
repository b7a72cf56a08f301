import type { LinuxContainerResources } from '@minikube-ts/cri/generated/runtime-v1.ts'
import { formatQuantity } from '../../api/quantity.ts'
import type { ResourceRequirements } from '../../api/types/core-v1.ts'
import { quotaToMilliCpu, sharesToMilliCpu } from '../cgroups/cpu.ts'

/** What a runtime says it enforces, in the API's words; `undefined` when it says nothing of use. */
export function reportedResources(
  linux: LinuxContainerResources | undefined,
): ResourceRequirements | undefined {
  if (!linux) return undefined
  const requests: Record<string, string> = {}
  const limits: Record<string, string> = {}
  const cpuLimit = linux.cpuPeriod > 0 ? quotaToMilliCpu(linux.cpuQuota, linux.cpuPeriod) : 0
  const cpuRequest = linux.cpuShares > 0 ? sharesToMilliCpu(linux.cpuShares) : 0
  if (cpuLimit > 0) limits.cpu = milliQuantity(cpuLimit)
  if (cpuRequest > 0) requests.cpu = milliQuantity(cpuRequest)
  if (linux.memoryLimitInBytes > 0) {
    limits.memory = formatQuantity({
      nanos: BigInt(linux.memoryLimitInBytes) * 1_000_000_000n,
      format: 'BinarySI',
    })
  }
  if (Object.keys(limits).length + Object.keys(requests).length === 0) return undefined
  return { requests, limits }
}

function milliQuantity(milli: number): string {
  return formatQuantity({ nanos: BigInt(milli) * 1_000_000n, format: 'DecimalSI' })
}
