import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { sharesToWeight } from './cpu.ts'

/** Limits of one cgroup; what is absent is left as it is. */
export interface CgroupLimits {
  cpuShares?: number
  /** Microseconds per `cpuPeriod`; 0 or less: none. */
  cpuQuota?: number
  cpuPeriod?: number
  /** Bytes. */
  memory?: number
  pids?: number
}

/** The cgroup file systems of this machine: one tree (version 2) or one per controller (version 1). */
export interface CgroupFiles {
  readonly version: 1 | 2
  exists(path: string): Promise<boolean>
  /** Makes the cgroup with its ancestors and sets its limits. */
  apply(path: string, limits: CgroupLimits): Promise<void>
  /** Removes the cgroup with all below it, and kills what still runs there. */
  remove(path: string): Promise<void>
  /** Names of the cgroups right below. */
  children(path: string): Promise<string[]>
  /** Where a controller keeps its files of a cgroup. */
  directory(controller: string, path: string): string
}

const unifiedRoot = '/sys/fs/cgroup'

export async function openCgroupFiles(): Promise<CgroupFiles> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' - ') as [string, string])
    .map(([before, after]) => ({ target: before.split(' ')[4]!, fields: after.split(' ') }))
  const unified = mounts.some(({ target, fields }) => target === unifiedRoot && fields[0] === 'cgroup2')
  if (unified) return new UnifiedCgroups()
  const controllers = new Map<string, string>()
  for (const { target, fields } of mounts) {
    // Beside the old ones there may be the new tree without controllers: runtimes make cgroups there too.
    if (fields[0] === 'cgroup2') controllers.set('unified', target)
    if (fields[0] !== 'cgroup') continue
    for (const option of fields[2]!.split(',')) controllers.set(option, target)
  }
  return new SeparateCgroups(controllers)
}

/** cgroup v1. */
class SeparateCgroups implements CgroupFiles {
  readonly version = 1
  /** Mount point by controller; options such as `rw` are in there too and do no harm. */
  private readonly controllers: Map<string, string>
  private readonly roots: string[]

  constructor(controllers: Map<string, string>) {
    this.controllers = controllers
    this.roots = [...new Set(controllers.values())]
  }

  exists(path: string): Promise<boolean> {
    return isCgroup(join(this.root('cpu'), path))
  }

  async apply(path: string, limits: CgroupLimits): Promise<void> {
    const at = async (controller: string, file: string, value: number | undefined): Promise<void> => {
      if (!this.controllers.has(controller)) return
      const directory = join(this.root(controller), path)
      await mkdir(directory, { recursive: true })
      if (value !== undefined) await writeFile(join(directory, file), String(value))
    }
    await at('cpu', 'cpu.shares', limits.cpuShares)
    if (limits.cpuQuota !== undefined) {
      await at('cpu', 'cpu.cfs_period_us', limits.cpuPeriod)
      await at('cpu', 'cpu.cfs_quota_us', limits.cpuQuota > 0 ? limits.cpuQuota : -1)
    }
    await at('memory', 'memory.limit_in_bytes', limits.memory)
    await at('pids', 'pids.max', limits.pids)
  }

  async remove(path: string): Promise<void> {
    await Promise.all(this.roots.map((root) => removeTree(join(root, path))))
  }

  children(path: string): Promise<string[]> {
    return directoriesIn(join(this.root('cpu'), path))
  }

  directory(controller: string, path: string): string {
    return join(this.root(controller), path)
  }

  private root(controller: string): string {
    return this.controllers.get(controller) ?? join(unifiedRoot, controller)
  }
}

/** cgroup v2. */
class UnifiedCgroups implements CgroupFiles {
  readonly version = 2

  exists(path: string): Promise<boolean> {
    return isCgroup(join(unifiedRoot, path))
  }

  async apply(path: string, limits: CgroupLimits): Promise<void> {
    const directory = join(unifiedRoot, path)
    await mkdir(directory, { recursive: true })
    await this.delegate(path)
    const write = async (file: string, value: string): Promise<void> => {
      await writeFile(join(directory, file), value)
    }
    if (limits.cpuShares !== undefined) await write('cpu.weight', String(sharesToWeight(limits.cpuShares)))
    if (limits.cpuQuota !== undefined) {
      const quota = limits.cpuQuota > 0 ? String(limits.cpuQuota) : 'max'
      await write('cpu.max', `${quota} ${limits.cpuPeriod ?? 100_000}`)
    }
    if (limits.memory !== undefined) await write('memory.max', String(limits.memory))
    if (limits.pids !== undefined) await write('pids.max', String(limits.pids))
  }

  /** Lets each cgroup on the way down hand its controllers on. */
  private async delegate(path: string): Promise<void> {
    const parts = dirname(path).split('/').filter(Boolean)
    for (let depth = 0; depth <= parts.length; depth++) {
      const directory = join(unifiedRoot, ...parts.slice(0, depth))
      const available = (await readFile(join(directory, 'cgroup.controllers'), 'utf8')).trim().split(/\s+/)
      const enabled = new Set(
        (await readFile(join(directory, 'cgroup.subtree_control'), 'utf8')).trim().split(/\s+/),
      )
      for (const controller of available) {
        if (controller === '' || enabled.has(controller)) continue
        await writeFile(join(directory, 'cgroup.subtree_control'), `+${controller}`)
      }
    }
  }

  async remove(path: string): Promise<void> {
    await removeTree(join(unifiedRoot, path))
  }

  children(path: string): Promise<string[]> {
    return directoriesIn(join(unifiedRoot, path))
  }

  directory(_controller: string, path: string): string {
    return join(unifiedRoot, path)
  }
}

async function isCgroup(directory: string): Promise<boolean> {
  return (await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => undefined)) !== undefined
}

async function directoriesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

const removals = 8

async function removeTree(directory: string): Promise<void> {
  for (const name of await directoriesIn(directory)) await removeTree(join(directory, name))
  for (let attempt = 0; ; attempt++) {
    try {
      await rmdir(directory)
      return
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return
      if (code !== 'EBUSY' || attempt === removals) throw error
    }
    // Something still runs, or the kernel is just burying it: no event tells when it is through.
    await killAll(directory)
    await delay(2 ** attempt)
  }
}

async function killAll(directory: string): Promise<void> {
  const text = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '')
  for (const pid of text.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // Gone by itself.
    }
  }
}
