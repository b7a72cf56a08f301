import type { Node } from '../../node/node.ts'

/** A process of a node as /proc shows it at one moment. */
export interface ProcessReading {
  pid: number
  parent: number
  /** The kernel's short name of it. */
  name: string
  /** Empty for a zombie. */
  argv: string[]
  /** Bytes, proportional set size. */
  memory: number
  /** Nanoseconds on a processor since it began. */
  ran: number
  /** Its cgroups, to be compared. */
  cgroup: string
}

export interface ProcessesReading {
  /** Nanoseconds since the node booted. */
  at: number
  processes: ReadonlyMap<number, ProcessReading>
}

/**
 * `services` and `contained` with all that is below them, and the parents (shims) of `contained`. Two commands, however
 * many processes there are, so that far nodes answer as fast.
 */
export async function readProcesses(
  node: Node,
  services: readonly number[],
  contained: readonly number[],
): Promise<ProcessesReading> {
  // Of status and not of stat: there a name cannot be taken for another field.
  const listed = await shell(node, "grep -hE '^(Name|Pid|PPid):' /proc/[0-9]*/status")
  const all = parseProcessList(listed.toString())
  const shims = contained.flatMap((pid) => all.get(pid)?.parent ?? []).filter((pid) => pid > 1)
  const chosen = withDescendants(all, [...services, ...contained, ...shims])
  const files = [...chosen].flatMap((pid) =>
    ['cmdline', 'cgroup', 'smaps_rollup', 'task/[0-9]*/schedstat'].map((file) => `/proc/${pid}/${file}`),
  )
  // Arguments end in NUL bytes and may hold anything else; with -z the file's name stands before each.
  const read = await shell(node, `LC_ALL=C exec grep -azsH '' /proc/uptime ${files.join(' ')}`)
  return parseProcessFiles(read.toString(), all)
}

/** What has ended meanwhile makes grep fail; what it has read counts. */
async function shell(node: Node, script: string): Promise<Buffer> {
  return (await node.run(['sh', '-c', script], { allowFailure: true })).stdout
}

export type ProcessList = ReadonlyMap<number, Pick<ProcessReading, 'parent' | 'name'>>

/** Lines `Name:`, `Pid:`, `PPid:` of each process, in this order. */
export function parseProcessList(text: string): ProcessList {
  const found = new Map<number, { parent: number; name: string }>()
  for (const [, name, pid, parent] of text.matchAll(/^Name:\t(.*)\nPid:\t(\d+)\nPPid:\t(\d+)$/gm))
    found.set(Number(pid), { name: name!, parent: Number(parent) })
  return found
}

/** Records `file:content`, each ended by a NUL byte. */
export function parseProcessFiles(text: string, all: ProcessList): ProcessesReading {
  const processes = new Map<number, ProcessReading>()
  let at = 0
  for (const record of text.split('\0')) {
    const [, file, content] = /^\/proc\/([^:]+):(.*)$/s.exec(record) ?? []
    if (file === undefined || content === undefined) continue
    if (file === 'uptime') {
      at = Number(content.split(' ')[0]) * 1e9
      continue
    }
    const pid = Number(file.split('/')[0])
    const known = all.get(pid)
    if (!known) continue
    const process = processes.get(pid) ?? { pid, ...known, argv: [], memory: 0, ran: 0, cgroup: '' }
    processes.set(pid, process)
    if (file.endsWith('/cmdline')) process.argv.push(content)
    else if (file.endsWith('/cgroup')) process.cgroup = content.trim()
    else if (file.endsWith('/schedstat')) process.ran += Number(content.split(' ')[0])
    else process.memory = Number(/^Pss:\s+(\d+)/m.exec(content)?.[1] ?? 0) * 1024
  }
  return { at, processes }
}

function withDescendants(all: ProcessList, roots: readonly number[]): Set<number> {
  const children = new Map<number, number[]>()
  for (const [pid, { parent }] of all) children.set(parent, [...(children.get(parent) ?? []), pid])
  const found = new Set<number>()
  const add = (pid: number): void => {
    if (found.has(pid) || !all.has(pid)) return
    found.add(pid)
    children.get(pid)?.forEach(add)
  }
  roots.forEach(add)
  return found
}
