import { readdir, readFile } from 'node:fs/promises'
import type { TestCluster } from './test-cluster.ts'

/** Pids of a profile's own processes: by name of the part, or all of them. */
export async function processesOf(
  cluster: TestCluster,
  part?: 'control-plane' | 'node' | 'containerd' | 'supervisor',
): Promise<number[]> {
  const found: number[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
    const line = argv.join(' ')
    if (!line.includes(`/minikube/${cluster.profile}/`) && !line.includes(`/profiles/${cluster.profile}/`))
      continue
    const name = partOf(argv)
    if (name !== undefined && (part === undefined || part === name)) found.push(Number(pid))
  }
  return found
}

/** Which of our services a command line is; container shims and what they run are none. */
function partOf(argv: string[]): string | undefined {
  const program = argv[0]?.split('/').at(-1) ?? ''
  if (program === 'containerd') return 'containerd'
  if (!/^node(-v[\d.]+)?$/.test(program)) return undefined
  const script = argv.find((word) => /(control-plane|node|supervisor)\.(ts|m?js)$/.test(word))
  return script?.match(/(control-plane|node|supervisor)\.(?:ts|m?js)$/)?.[1]
}

export async function killAll(pids: number[]): Promise<void> {
  if (pids.length === 0) throw new Error('no such process runs')
  for (const pid of pids) process.kill(pid, 'SIGKILL')
}
