import { existsSync } from 'node:fs'
import { readdir, readFile, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf } from '../../error.ts'
import type { ChangeKind, ChangeOf } from './change.ts'
import { endProcesses } from './end-processes.ts'

export const cgroup: ChangeKind<ChangeOf<'cgroup'>> = {
  identity: ({ path }) => path,
  describe: ({ path }) => `make cgroups at and below ${path}`,
  async undo(changes) {
    const stay = new Map<ChangeOf<'cgroup'>, string>()
    for (const change of changes) {
      for (const root of await hierarchies()) {
        const top = join(root, change.path)
        if (!existsSync(top)) continue
        await endProcesses(() => processesIn(top))
        const busy = await removeTree(top)
        if (busy) stay.set(change, `${busy} is still in use`)
        else await removeEmptyParents(top, root)
      }
    }
    return stay
  },
}

/** Mount points of all cgroup hierarchies, version 1 and 2. */
export async function hierarchies(): Promise<string[]> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
  return mounts
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4]!)
}

async function below(top: string): Promise<string[]> {
  const entries = await readdir(top, { withFileTypes: true }).catch(() => [])
  const nested = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => below(join(top, entry.name))),
  )
  return [...nested.flat(), top]
}

/** Up to the hierarchy's root, as far as nobody else is in them. */
async function removeEmptyParents(path: string, root: string): Promise<void> {
  for (let parent = dirname(path); parent.length > root.length; parent = dirname(parent)) {
    const removed = await rmdir(parent).then(
      () => true,
      () => false,
    )
    if (!removed) return
  }
}

async function processesIn(top: string): Promise<number[]> {
  const lists = await Promise.all(
    (await below(top)).map((path) => readFile(join(path, 'cgroup.procs'), 'utf8').catch(() => '')),
  )
  return lists.flatMap((list) =>
    list
      .split('\n')
      .filter((pid) => pid !== '')
      .map(Number),
  )
}

/** Removes the directories bottom up; the first that is in use. */
async function removeTree(top: string): Promise<string | undefined> {
  for (const path of await below(top)) {
    try {
      await rmdir(path)
    } catch (error) {
      if (codeOf(error) === 'EBUSY') return path
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }
  return undefined
}
