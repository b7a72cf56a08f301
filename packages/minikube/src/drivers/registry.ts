import { MinikubeError } from '../error.ts'
import type { Driver, DriverHealth } from './driver.ts'

export interface DriverEntry {
  name: string
  aliases: readonly string[]
  /** Program that tells whether what the driver drives is on this machine. */
  program?: string
  /** Absent: comes later. */
  load?: () => Promise<Driver>
}

/** Every driver that minikube's users know on Linux, as data. */
export const driverEntries: readonly DriverEntry[] = [
  { name: 'docker', aliases: [], program: 'docker' },
  { name: 'kvm2', aliases: ['kvm'], program: 'virsh' },
  { name: 'qemu2', aliases: ['qemu'], program: 'qemu-system-x86_64' },
  { name: 'podman', aliases: [], program: 'podman' },
  { name: 'virtualbox', aliases: [], program: 'VBoxManage' },
  { name: 'ssh', aliases: ['generic'] },
  {
    name: 'none',
    aliases: ['native'],
    load: async () => new (await import('./none/none-driver.ts')).NoneDriver(),
  },
]

export function findDriverEntry(name: string): DriverEntry {
  const entry = driverEntries.find((candidate) => candidate.name === name || candidate.aliases.includes(name))
  if (entry) return entry
  throw new MinikubeError(
    'DRV_UNSUPPORTED',
    `there is no driver "${name}" on ${process.platform}/${process.arch}`,
    {
      advice: `Drivers: ${driverEntries.map((candidate) => candidate.name).join(', ')}.`,
    },
  )
}

export async function loadDriver(name: string): Promise<Driver> {
  const entry = findDriverEntry(name)
  if (entry.load) return entry.load()
  throw new MinikubeError('DRV_UNSUPPORTED', `the driver "${entry.name}" is not there yet`, {
    advice: "Leave out --driver, or use 'none': then the node is this machine itself.",
  })
}

export interface ProbedDriver {
  entry: DriverEntry
  driver: Driver | undefined
  health: DriverHealth
}

/** Probes all drivers at once; best first. */
export async function probeDrivers(signal: AbortSignal): Promise<ProbedDriver[]> {
  const probed = await Promise.all(
    driverEntries.map(async (entry): Promise<ProbedDriver> => {
      if (!entry.load) {
        return {
          entry,
          driver: undefined,
          health: { installed: false, healthy: false, reason: 'it is not there yet' },
        }
      }
      const driver = await entry.load()
      return { entry, driver, health: await driver.probe(signal) }
    }),
  )
  return probed.sort((a, b) => (b.driver?.traits.priority ?? 0) - (a.driver?.traits.priority ?? 0))
}
