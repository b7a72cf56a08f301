import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { driverEntries, findDriverEntry, loadDriver, probeDrivers } from '../drivers/registry.ts'
import { findEngine } from '../engines/registry.ts'
import { MinikubeError } from '../error.ts'
import type { Work } from '../progress.ts'
import { findRuntime } from '../runtimes/registry.ts'
import { chooseKubernetesVersion } from './kubernetes-version.ts'
import { chooseSlot, slotDefaults } from './network.ts'
import type { Profile } from './profile.ts'
import { findProfile } from './profile-store.ts'
import type { StartRequest } from './start.ts'
import { changedProfile, newProfile } from './start-options.ts'

/** The profile that is to be started: the one that is there, with what may change, or a new one. Writes nothing. */
export async function chooseProfile(request: StartRequest, work: Work): Promise<Profile> {
  const { home, name, options } = request
  const engine = await findEngine(options.bootstrapper ?? 'embedded')
  const version = chooseKubernetesVersion(options.kubernetesVersion, engine)
  const wish =
    options.driver === undefined || options.driver === '' ? undefined : findDriverEntry(options.driver).name
  const present = await findProfile(home, name)
  if (present) {
    const changed = changedProfile(
      present,
      { ...options, ...(wish !== undefined && { driver: wish }) },
      (what) => work.progress.warn(what),
    )
    work.progress.step('Selecting Driver', `Using the ${changed.Driver} driver based on existing profile`)
    return { ...changed, KubernetesConfig: { ...changed.KubernetesConfig, KubernetesVersion: version } }
  }
  await findRuntime(options.containerRuntime ?? 'auto')
  const driver = wish ?? (await chooseDriver(work))
  await loadDriver(driver)
  if (wish) work.progress.step('Selecting Driver', `Using the ${wish} driver based on user configuration`)
  const slot = await chooseSlot(name)
  return newProfile(name, driver, { slot, ...slotDefaults(slot) }, version, options)
}

/** The best healthy driver. Says what it looked for. */
async function chooseDriver(work: Work): Promise<string> {
  const probed = await probeDrivers(work.signal)
  const best = probed.find(({ driver, health }) => driver && driver.traits.priority > 0 && health.healthy)
  const present = await installedElsewhere()
  const found =
    present.length > 0
      ? `found ${present.join(', ')}, whose drivers are not there yet`
      : 'found no container engine or hypervisor'
  if (best) {
    work.progress.step('Selecting Driver', `Automatically selected the ${best.entry.name} driver: ${found}`)
    return best.entry.name
  }
  const reason = probed.find(({ driver }) => driver)?.health
  throw new MinikubeError(
    process.getuid?.() === 0 ? 'DRV_NOT_DETECTED' : 'DRV_NEEDS_ROOT',
    `no driver can be used: ${found}, and the driver "none" cannot be used: ${reason?.reason ?? 'it is not healthy'}`,
    { ...(reason?.advice !== undefined && { advice: reason.advice }) },
  )
}

/** Programs on PATH that a driver would drive. */
async function installedElsewhere(): Promise<string[]> {
  const directories = (process.env.PATH ?? '').split(delimiter)
  const found = await Promise.all(
    driverEntries.map(async ({ name, program }) => {
      if (!program) return []
      const there = await Promise.all(
        directories.map((directory) =>
          access(join(directory, program), constants.X_OK).then(
            () => true,
            () => false,
          ),
        ),
      )
      return there.includes(true) ? [name] : []
    }),
  )
  return found.flat()
}
