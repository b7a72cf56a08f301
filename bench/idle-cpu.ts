import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { processesOf } from '../tests/support/processes.ts'
import type { TestCluster } from '../tests/support/test-cluster.ts'

const ticksPerSecond = 100

async function ticks(pids: number[]): Promise<number> {
  const all = await Promise.all(
    pids.map(async (pid) => {
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
      return Number(fields[11]) + Number(fields[12])
    }),
  )
  return all.reduce((sum, value) => sum + value, 0)
}

/** Per cent of one core that all processes of the cluster use over some seconds, the runtime's included. */
export async function idleCpu(cluster: TestCluster, seconds: number): Promise<number> {
  const pids = await processesOf(cluster)
  // Measuring idleness is the one thing that has to wait; what the pods before left behind settles first.
  await wait(15_000)
  const before = await ticks(pids)
  await wait(seconds * 1000)
  return (((await ticks(pids)) - before) / ticksPerSecond / seconds) * 100
}
