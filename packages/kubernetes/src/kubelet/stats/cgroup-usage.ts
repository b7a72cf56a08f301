import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CgroupFiles } from '../cgroups/cgroup-files.ts'
import type { Usage } from './usage.ts'

/** Reads what a cgroup with all below it uses; undefined when it does not exist. `path` as in {@link CgroupFiles}. */
export async function readCgroupUsage(files: CgroupFiles, path: string): Promise<Usage | undefined> {
  try {
    return await (files.version === 1 ? separate(files, path) : unified(files, path))
  } catch {
    return undefined
  }
}

/** Nanoseconds of processor time that a cgroup with all below it has used. @throws Error when the kernel does not tell */
export async function readCgroupCpu(files: CgroupFiles, path: string): Promise<number> {
  if (files.version === 1) return number(join(files.directory('cpuacct', path), 'cpuacct.usage'))
  const microseconds = (await table(join(files.directory('cpu', path), 'cpu.stat'))).get('usage_usec')
  if (microseconds === undefined) throw new Error(`no usage_usec of cgroup ${path}`)
  return microseconds * 1000
}

async function separate(files: CgroupFiles, path: string): Promise<Usage> {
  const memory = files.directory('memory', path)
  const [cpu, usageBytes, stat, pids] = await Promise.all([
    readCgroupCpu(files, path),
    number(join(memory, 'memory.usage_in_bytes')),
    table(join(memory, 'memory.stat')),
    number(join(files.directory('pids', path), 'pids.current')).catch(() => undefined),
  ])
  const of = (name: string): number => stat.get(`total_${name}`) ?? 0
  return usage(cpu, usageBytes, stat.get('hierarchical_memory_limit'), pids, of, 'rss')
}

async function unified(files: CgroupFiles, path: string): Promise<Usage> {
  const directory = files.directory('memory', path)
  const [cpu, usageBytes, stat, limit, pids] = await Promise.all([
    readCgroupCpu(files, path),
    number(join(directory, 'memory.current')),
    table(join(directory, 'memory.stat')),
    number(join(directory, 'memory.max')),
    number(join(directory, 'pids.current')).catch(() => undefined),
  ])
  const of = (name: string): number => stat.get(name) ?? 0
  return usage(cpu, usageBytes, limit, pids, of, 'anon')
}

/** A limit that no machine reaches is how version 1 says that there is none. */
const unlimited = 2 ** 60

function usage(
  cpu: number,
  usageBytes: number,
  limit: number | undefined,
  processes: number | undefined,
  of: (name: string) => number,
  rss: string,
): Usage {
  const workingSetBytes = Math.max(0, usageBytes - of('inactive_file'))
  const isLimited = limit !== undefined && limit < unlimited
  return {
    time: Date.now(),
    cpu,
    memory: {
      ...(isLimited && { availableBytes: Math.max(0, limit - workingSetBytes) }),
      usageBytes,
      workingSetBytes,
      rssBytes: of(rss),
      pageFaults: of('pgfault'),
      majorPageFaults: of('pgmajfault'),
    },
    ...(processes !== undefined && { processes }),
  }
}

/** `max` is NaN, which no comparison holds for. */
async function number(file: string): Promise<number> {
  return Number((await readFile(file, 'utf8')).trim())
}

async function table(file: string): Promise<Map<string, number>> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  return new Map(
    lines.map((line) => {
      const [name = '', value = ''] = line.split(' ')
      return [name, Number(value)]
    }),
  )
}
