import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildTestImages } from './test-images.ts'
import { writeTestNetwork } from './test-network.ts'

const run = promisify(execFile)

export interface TestDockerd {
  readonly socket: string
  readonly directory: string
  /** Parent of all containers' cgroups, unless they name another below it. */
  readonly cgroup: string
  readonly cni: { binDir: string; confDir: string; stateDir: string }
  load(archive: string): Promise<void>
  /** Ends everything and removes every trace. */
  remove(): Promise<void>
}

/** Undefined when a real Docker engine can run here, else why not. */
export function whyNoDockerd(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  const programs = [
    '/usr/sbin/dockerd',
    '/usr/bin/containerd',
    '/usr/lib/cni/bridge',
    '/bin/busybox',
    '/usr/bin/catatonit',
  ]
  const missing = programs.find((program) => !existsSync(program))
  return missing && `needs ${missing}`
}

/** A Docker engine of its own for tests, with the images and a network like those of `startTestContainerd`. */
export async function startTestDockerd(directory: string, subnet: string): Promise<TestDockerd> {
  const bridge = `mkt-${subnet.replace('.', '-')}`
  const cgroup = `/${bridge}`
  const socket = join(directory, 'docker.sock')
  const confDir = join(directory, 'cni')
  const config = join(directory, 'daemon.json')
  mkdirSync(confDir, { recursive: true })
  writeTestNetwork(confDir, { bridge, subnet, ipamDir: join(directory, 'ipam') })
  writeFileSync(config, '{}')
  const argv = [
    ...['--config-file', config, '--host', `unix://${socket}`, '--pidfile', join(directory, 'pid')],
    ...['--data-root', join(directory, 'root'), '--exec-root', join(directory, 'exec')],
    ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
    ...['--userland-proxy=false', '--cgroup-parent', cgroup],
  ]
  const child = spawn('dockerd', argv, { stdio: ['ignore', 'ignore', 'pipe'] })
  await listening(child, join(directory, 'dockerd.log'))
  const load = async (archive: string): Promise<void> => {
    const call = request({ socketPath: socket, method: 'POST', path: '/images/load?quiet=1' })
    createReadStream(archive).pipe(call)
    const [response] = await once(call, 'response')
    response.resume()
    await once(response, 'end')
  }
  for (const archive of buildTestImages(join(directory, 'images'))) await load(archive)
  return {
    socket,
    directory,
    cgroup,
    cni: { binDir: '/usr/lib/cni', confDir, stateDir: join(directory, 'results') },
    load,
    remove: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      await run('ip', ['link', 'del', bridge]).catch(() => {})
      for (const line of readFileSync('/proc/self/mounts', 'utf8').trim().split('\n').reverse()) {
        const target = line.split(' ')[1]!
        if (target.startsWith(`${directory}/`)) await run('umount', ['-l', target]).catch(() => {})
      }
      removeCgroup(cgroup)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function listening(child: ChildProcess, logFile: string): Promise<void> {
  const log = createWriteStream(logFile)
  return new Promise((resolve, reject) => {
    let text = ''
    child.stderr!.on('data', (chunk: Buffer) => {
      log.write(chunk)
      text = `${text}${chunk}`.slice(-4000)
      if (text.includes('API listen on')) resolve()
    })
    child.once('exit', (code) => reject(new Error(`dockerd ended with ${code}: ${text}`)))
  })
}

/** In all hierarchies, whichever version they are of; it must have nothing but empty groups below it. */
function removeCgroup(cgroup: string): void {
  const hierarchies = readdirSync('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name))
  for (const group of ['/sys/fs/cgroup', ...hierarchies].map((root) => join(root, cgroup))) {
    if (!existsSync(group)) continue
    const below = readdirSync(group, { recursive: true, withFileTypes: true }).filter((one) =>
      one.isDirectory(),
    )
    for (const { parentPath, name } of below.reverse()) rmdirSync(join(parentPath, name))
    rmdirSync(group)
  }
}
