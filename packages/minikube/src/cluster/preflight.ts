import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Driver, DriverHealth } from '../drivers/driver.ts'
import { MinikubeError } from '../error.ts'
import { machineRoot } from '../node/layout.ts'

const leastDisk = 500 * 2 ** 20

/** Throws when the driver cannot be used. */
export function refuseUnhealthy(driver: Driver, health: DriverHealth): void {
  if (health.healthy) return
  throw new MinikubeError(
    driver.traits.needsRoot && process.getuid?.() !== 0 ? 'DRV_NEEDS_ROOT' : 'DRV_NOT_HEALTHY',
    `the driver "${driver.name}" cannot be used: ${health.reason ?? 'it is not healthy'}`,
    { ...(health.advice !== undefined && { advice: health.advice }) },
  )
}

/** Throws when there is no room for a cluster. */
export async function refuseFullDisk(): Promise<void> {
  const { bavail, bsize } = await statfs(machineRoot).catch(() => statfs(dirname(machineRoot)))
  if (bavail * bsize >= leastDisk) return
  throw new MinikubeError(
    'RSRC_INSUFFICIENT_STORAGE',
    `only ${Math.floor((bavail * bsize) / 2 ** 20)} MB are free at ${machineRoot}, a cluster needs ${leastDisk / 2 ** 20} MB`,
  )
}
