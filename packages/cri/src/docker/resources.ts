import type { LinuxContainerResources } from '../generated/runtime-v1.ts'

/** The engine's words for a container's limits; what is not asked for is left out. */
export function resourceOptions(resources: Partial<LinuxContainerResources>): Record<string, unknown> {
  const { cpuPeriod, cpuQuota, cpuShares, cpusetCpus, cpusetMems } = resources
  const { memoryLimitInBytes, memorySwapLimitInBytes } = resources
  return {
    ...(cpuShares && { CpuShares: cpuShares }),
    ...(cpuQuota && { CpuQuota: cpuQuota, CpuPeriod: cpuPeriod }),
    ...(cpusetCpus && { CpusetCpus: cpusetCpus }),
    ...(cpusetMems && { CpusetMems: cpusetMems }),
    // Memory and swap together: without a word on swap there is none.
    ...(memoryLimitInBytes && {
      Memory: memoryLimitInBytes,
      MemorySwap: memorySwapLimitInBytes || memoryLimitInBytes,
    }),
  }
}
