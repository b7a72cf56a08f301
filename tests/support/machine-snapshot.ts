import { readdir, readFile, readlink } from 'node:fs/promises'
import { mustRun, run } from './run.ts'

/** What could stay of a cluster on a machine, as comparable lines. */
export interface MachineSnapshot {
  processes: string[]
  mounts: string[]
  interfaces: string[]
  routes: string[]
  nftTables: string[]
  cgroups: string[]
  sysctls: string[]
  namespaces: string[]
  packages: string[]
  files: string[]
}

const watchedSysctls = [
  'net.ipv4.ip_forward',
  'net.bridge.bridge-nf-call-iptables',
  'net.ipv4.conf.all.route_localnet',
  'fs.inotify.max_user_instances',
  'fs.inotify.max_user_watches',
]

/** Folders in which nothing of ours may stay, besides the minikube home that the caller looks at itself. */
const watchedFolders = ['/etc', '/run', '/var/lib', '/var/log', '/opt', '/usr/local', '/tmp']

const lines = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .sort()

async function processes(): Promise<string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      await readlink(`/proc/${pid}/exe`)
      const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim()
      if (/minikube|containerd|catatonit|supervisor|kubelet|buildah/.test(command)) found.push(command)
    } catch {
      // A kernel thread, or gone meanwhile.
    }
  }
  return found.sort()
}

async function cgroups(): Promise<string[]> {
  const { stdout } = await mustRun(['find', '/sys/fs/cgroup', '-mindepth', '1', '-type', 'd'])
  return lines(stdout)
}

async function sysctls(): Promise<string[]> {
  const values = await Promise.all(
    watchedSysctls.map(async (name) => {
      const value = await readFile(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').catch(() => 'absent')
      return `${name}=${value.trim()}`
    }),
  )
  return values.sort()
}

/** Folders two levels deep: enough to see any room that a cluster made for itself. */
async function files(): Promise<string[]> {
  const { stdout } = await run([
    'find',
    ...watchedFolders,
    '-xdev',
    '-maxdepth',
    '2',
    '-not',
    '-path',
    '/tmp/*/*',
  ])
  return lines(stdout)
}

export async function machineSnapshot(): Promise<MachineSnapshot> {
  const [mounts, interfaces, routes, nftTables, namespaces, packages] = await Promise.all([
    readFile('/proc/self/mounts', 'utf8').then((text) =>
      lines(text).map((line) => line.split(' ').slice(0, 3).join(' ')),
    ),
    mustRun(['ip', '-o', 'link']).then(({ stdout }) =>
      lines(stdout).map((line) => line.split(':')[1].trim().split('@')[0]),
    ),
    mustRun(['ip', 'route', 'show', 'table', 'all']).then(({ stdout }) => lines(stdout)),
    run(['nft', 'list', 'tables']).then(
      ({ stdout }) => lines(stdout),
      () => [],
    ),
    run(['ip', 'netns']).then(({ stdout }) => lines(stdout)),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format
    mustRun(['dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n']).then(({ stdout }) =>
      lines(stdout).filter((line) => line.endsWith(' installed')),
    ),
  ])
  return {
    processes: await processes(),
    mounts,
    interfaces,
    routes,
    nftTables,
    cgroups: await cgroups(),
    sysctls: await sysctls(),
    namespaces,
    packages,
    files: await files(),
  }
}

/** What is in `after` and was not in `before`, `aspect: line` each; empty when nothing stayed. */
export function leftovers(before: MachineSnapshot, after: MachineSnapshot): string[] {
  return (Object.keys(before) as (keyof MachineSnapshot)[]).flatMap((aspect) => {
    const known = new Set(before[aspect])
    return after[aspect].filter((line) => !known.has(line)).map((line) => `${aspect}: ${line}`)
  })
}
