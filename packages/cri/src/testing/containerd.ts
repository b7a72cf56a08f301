import { type ChildProcess, execFile, spawn } from 'node:child_process'
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  type WriteStream,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { removeSandboxes } from './remove-sandboxes.ts'
import { buildTestImages, pauseImage } from './test-images.ts'
import { writeTestNetwork } from './test-network.ts'

const run = promisify(execFile)

export { busyboxImage, pauseImage } from './test-images.ts'

export interface TestContainerd {
  readonly socket: string
  readonly directory: string
  /** Name of the bridge that pods hang on, with `address` as its own. */
  readonly bridge: string
  readonly address: string
  load(archive: string): Promise<void>
  /** Ends containerd; containers go on running. */
  kill(): Promise<void>
  /** Starts it again over the same state. */
  restart(): Promise<void>
  /** Ends everything and removes every trace. */
  remove(): Promise<void>
}

/** Undefined when a real containerd can run here, else why not. */
export function whyNoContainerd(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  for (const program of ['/usr/bin/containerd', '/usr/sbin/runc', '/usr/lib/cni/bridge', '/bin/busybox']) {
    if (!existsSync(program)) return `needs ${program}`
  }
  return undefined
}

/**
 * A containerd of its own for tests: own root, state, socket, CNI network `10.<subnet>.0/24`, with a pause and a busybox
 * image loaded. `subnet` is like `213.7`; it names the bridge too, so that tests do not meet.
 */
export async function startTestContainerd(directory: string, subnet: string): Promise<TestContainerd> {
  const bridge = `mkt-${subnet.replace('.', '-')}`
  const socket = join(directory, 'containerd.sock')
  const cni = join(directory, 'cni')
  mkdirSync(cni, { recursive: true })
  writeTestNetwork(cni, { bridge, subnet, ipamDir: join(directory, 'ipam') })
  const config = join(directory, 'config.toml')
  writeFileSync(config, containerdConfig(directory, socket, cni))

  const start = async (): Promise<ChildProcess> => {
    const log = createWriteStream(join(directory, 'containerd.log'), { flags: 'a' })
    const child = spawn('containerd', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] })
    await booted(child, log)
    return child
  }
  let child = await start()
  const kill = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    if (child.exitCode !== null) return
    child.kill('SIGTERM')
    await ended
  }
  const load = async (archive: string): Promise<void> => {
    await run('ctr', ['-a', socket, '-n', 'k8s.io', 'images', 'import', archive])
  }
  for (const archive of buildTestImages(join(directory, 'images'))) await load(archive)
  return {
    socket,
    directory,
    bridge,
    address: `10.${subnet}.1`,
    load,
    kill,
    restart: async () => {
      await kill()
      child = await start()
    },
    remove: async () => {
      await removeSandboxes(socket)
      await kill()
      await run('ip', ['link', 'del', bridge]).catch(() => {})
      for (const line of readFileSync('/proc/self/mounts', 'utf8').trim().split('\n').reverse()) {
        const target = line.split(' ')[1]!
        if (target.startsWith(`${directory}/`)) await run('umount', ['-l', target]).catch(() => {})
      }
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Resolves when containerd says that it serves, CRI included (its socket answers earlier than that). */
function booted(child: ChildProcess, log: WriteStream): Promise<void> {
  return new Promise((resolve, reject) => {
    const awaited = new Set(['containerd successfully booted', 'Start streaming server'])
    let text = ''
    child.stderr!.on('data', (chunk: Buffer) => {
      log.write(chunk)
      if (awaited.size === 0) return
      text += chunk
      for (const message of awaited) if (text.includes(message)) awaited.delete(message)
      if (awaited.size === 0) resolve()
    })
    child.once('exit', (code) => reject(new Error(`containerd ended with ${code}: ${text.slice(-2000)}`)))
  })
}

function containerdConfig(directory: string, socket: string, cni: string): string {
  return `version = 2
root = "${join(directory, 'root')}"
state = "${join(directory, 'state')}"
oom_score = 0

[grpc]
  address = "${socket}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  max_container_log_line_size = 16384
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${cni}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
`
}
