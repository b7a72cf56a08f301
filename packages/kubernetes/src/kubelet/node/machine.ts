import { readdir, readFile, statfs } from 'node:fs/promises'
import { cpus, release } from 'node:os'
import type { NodeSystemInfo } from '../../api/types/core-v1.ts'

export interface Machine {
  /** By resource name, as quantities; without `pods`. */
  capacity: Record<string, string>
  /** Bytes. */
  memory: number
  info: Pick<
    NodeSystemInfo,
    'machineID' | 'systemUUID' | 'bootID' | 'kernelVersion' | 'osImage' | 'operatingSystem' | 'architecture'
  >
}

/** What this machine is and has. `disk` is a directory on the file system that pods write to. */
export async function readMachine(disk: string): Promise<Machine> {
  const [memory, storage, hugepages, machineID, systemUUID, bootID, osImage] = await Promise.all([
    totalMemory(),
    statfs(disk),
    hugePages(),
    firstLine('/etc/machine-id', '/var/lib/dbus/machine-id'),
    firstLine('/sys/class/dmi/id/product_uuid', '/etc/machine-id'),
    firstLine('/proc/sys/kernel/random/boot_id'),
    osName(),
  ])
  return {
    memory,
    capacity: {
      cpu: String(cpus().length),
      memory: `${Math.floor(memory / 1024)}Ki`,
      'ephemeral-storage': `${Math.floor((storage.blocks * storage.bsize) / 1024)}Ki`,
      ...hugepages,
    },
    info: {
      machineID,
      systemUUID,
      bootID,
      kernelVersion: release(),
      osImage,
      operatingSystem: 'linux',
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    },
  }
}

async function totalMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8')
  return Number(/^MemTotal:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024
}

async function hugePages(): Promise<Record<string, string>> {
  const directory = '/sys/kernel/mm/hugepages'
  const capacity: Record<string, string> = {}
  for (const name of await readdir(directory).catch(() => [])) {
    const size = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0)
    const count = Number(await firstLine(`${directory}/${name}/nr_hugepages`))
    const unit = size >= 1024 * 1024 ? `${size / (1024 * 1024)}Gi` : `${size / 1024}Mi`
    const total = size * count
    capacity[`hugepages-${unit}`] = total === 0 ? '0' : `${total}Ki`
  }
  return capacity
}

async function firstLine(...files: string[]): Promise<string> {
  for (const file of files) {
    const text = (await readFile(file, 'utf8').catch(() => '')).split('\n')[0]!.trim()
    if (text) return text
  }
  return ''
}

async function osName(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'Linux'
}
