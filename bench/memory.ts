import { readFile } from 'node:fs/promises'
import { processesOf } from '../tests/support/processes.ts'
import type { TestCluster } from '../tests/support/test-cluster.ts'

export interface Memory {
  /** Megabytes (10⁶ bytes), proportional set size: shared pages count by their share. */
  total: number
  parts: { part: string; megabytes: number }[]
}

/** Memory of the control plane, the node part and the supervisor; the container runtime does not count. */
export async function memory(cluster: TestCluster): Promise<Memory> {
  const parts = await Promise.all(
    (['control-plane', 'node', 'supervisor'] as const).map(async (part) => {
      const pids = await processesOf(cluster, part)
      const sizes = await Promise.all(
        pids.map(async (pid) => {
          const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
          return (Number(rollup.match(/^Pss:\s+(\d+)/m)?.[1] ?? 0) * 1024) / 1e6
        }),
      )
      return { part, megabytes: sizes.reduce((sum, size) => sum + size, 0) }
    }),
  )
  return { total: parts.reduce((sum, { megabytes }) => sum + megabytes, 0), parts }
}
