import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Driver, DriverHealth } from '../drivers/driver.ts'
import { codeOf, MinikubeError } from '../error.ts'

const leastDiskToMake = 500 * 2 ** 20
const leastDiskToRun = 50 * 2 ** 20

/** Throws when the driver cannot be used. */
export function refuseUnhealthy(driver: Driver, health: DriverHealth): void {
  if (health.healthy) return
  throw new MinikubeError(
    driver.traits.needsRoot && process.getuid?.() !== 0 ? 'DRV_NEEDS_ROOT' : 'DRV_NOT_HEALTHY',
    `the driver "${driver.name}" cannot be used: ${health.reason ?? 'it is not healthy'}`,
    { ...(health.advice !== undefined && { advice: health.advice }) },
  )
}

/**
 * Throws when there is no room for a cluster at `place`, which may not be there yet. One that exists has its programs and
 * images: it needs room to write only, and has to run for somebody to make room in it.
 */
export async function refuseFullDisk(place: string, fresh: boolean): Promise<void> {
  const least = fresh ? leastDiskToMake : leastDiskToRun
  const { bavail, bsize } = await fileSystemOf(place)
  if (bavail * bsize >= least) return
  throw new MinikubeError(
    'RSRC_INSUFFICIENT_STORAGE',
    `only ${Math.floor((bavail * bsize) / 2 ** 20)} MB are free at ${place}, a cluster needs ${least / 2 ** 20} MB`,
  )
}

async function fileSystemOf(place: string): Promise<{ bavail: number; bsize: number }> {
  try {
    return await statfs(place)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(place) === place) throw error
    return fileSystemOf(dirname(place))
  }
}
