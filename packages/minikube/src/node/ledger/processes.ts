import { readdir, readFile } from 'node:fs/promises'
import type { ChangeKind, ChangeOf } from './change.ts'
import { endProcesses } from './end-processes.ts'

export const processes: ChangeKind<ChangeOf<'processes'>> = {
  identity: ({ marker }) => marker,
  describe: ({ what }) => `run ${what}`,
  async undo(changes) {
    const stay = new Map<ChangeOf<'processes'>, string>()
    for (const change of changes) {
      const left = await endProcesses(() => processesWith(change.marker))
      if (left.length > 0) stay.set(change, `the processes ${left.join(', ')} do not end`)
    }
    return stay
  },
}

/** Processes that have `marker` in their command line; this one and its ancestors are never among them. */
export async function processesWith(marker: string): Promise<number[]> {
  const ancestors = await lineage()
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid) => {
      if (ancestors.has(pid)) return []
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return commandLine.includes(marker) ? [pid] : []
    }),
  )
  return found.flat()
}

async function lineage(): Promise<Set<number>> {
  const found = new Set<number>()
  for (let pid = process.pid; pid > 0; ) {
    found.add(pid)
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    pid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0)
  }
  return found
}
