import { MinikubeError, messageOf } from '../error.ts'
import type { Home } from '../home.ts'
import { withLock } from '../lock.ts'
import type { Change } from '../node/ledger/change.ts'
import { changeKind, describeChange } from '../node/ledger/change-kinds.ts'
import { Ledger } from '../node/ledger/ledger.ts'
import type { Work } from '../progress.ts'
import { ownChanges } from './changes.ts'
import { neighbourLedgers, readClaim, refuseForeign } from './claim.ts'
import { type Cluster, openCluster } from './cluster.ts'
import { removeContext } from './kubeconfig.ts'
import { slotDefaults } from './network.ts'
import { powerOff } from './power-off.ts'
import { findProfile, profileNames } from './profile-store.ts'
import { requireRoot } from './require-root.ts'
import { newProfile } from './start-options.ts'

export interface DeleteResult {
  /** There was something to delete. */
  found: boolean
  /** What could not or must not be undone, with why. */
  stayed: { what: string; why: string }[]
}

/** Removes a cluster with all its data and undoes what it changed on the machine. */
export async function deleteCluster(
  home: Home,
  name: string,
  keepPackages: boolean,
  work: Work,
): Promise<DeleteResult> {
  return withLock(`profile ${home.root} ${name}`, `working on the profile "${name}"`, work, async () => {
    await refuseForeign(home, name)
    const known = (await profileNames(home)).includes(name)
    const claimed = (await readClaim(name)) !== undefined
    if (!known && !claimed) {
      await removeContext(home, name)
      return { found: false, stayed: [] }
    }
    const cluster = await clusterToDelete(home, name, work)
    requireRoot(cluster, 'delete')
    work.progress.step('Deleting', `Deleting "${name}" in ${cluster.driver.name} ...`)
    await powerOff(cluster, false, work)
    await cluster.driver.delete(cluster.machine, work)
    const stayed = await withLock('machine', 'setting up a cluster', work, () =>
      removeCluster(cluster, keepPackages),
    )
    work.progress.step('Done', `Removed all traces of the "${name}" cluster.`)
    return { found: true, stayed }
  })
}

/** Undoes what was changed for a cluster that does not run, and forgets it. The caller holds the locks. */
export async function removeCluster(
  cluster: Cluster,
  keepPackages: boolean,
): Promise<DeleteResult['stayed']> {
  const { home, profile } = cluster
  const stayed = await undo(cluster, keepPackages)
  await home.remove(home.profile(profile.Name))
  await home.remove(home.path('machines', profile.Name))
  await removeContext(home, profile.Name)
  return stayed
}

/** A profile whose file is broken or lost is deleted by what follows from its name. */
async function clusterToDelete(home: Home, name: string, work: Work): Promise<Cluster> {
  try {
    const profile = await findProfile(home, name)
    if (profile) return await openCluster(home, profile)
    work.progress.warn(`The file of profile "${name}" is missing; deleting what belongs to its name.`)
  } catch (error) {
    if (!(error instanceof MinikubeError)) throw error
    work.progress.warn(`${messageOf(error)}; deleting what belongs to its name.`)
  }
  const slot = (await readClaim(name))?.slot ?? 0
  return openCluster(home, newProfile(name, 'none', { slot, ...slotDefaults(slot) }, '', {}))
}

async function undo(cluster: Cluster, keepPackages: boolean): Promise<DeleteResult['stayed']> {
  const { home, profile, node } = cluster
  const ledger = await Ledger.open(home, profile.Name)
  const neighbours = await neighbourLedgers(home, profile.Name)
  const kept = await ledger.undo(node, neighbours, (change) =>
    keepPackages && change.kind === 'package' ? 'it is to be kept (--keep-packages)' : undefined,
  )
  // A start that was killed, or a lost ledger: what is ours by name goes as well.
  for (const change of ownChanges(cluster).reverse()) {
    if (!isShared(change)) await changeKind(change.kind).undo([change], node)
  }
  return kept.map(({ change, why }) => ({ what: describeChange(change), why: why ?? '' }))
}

function isShared(change: Change): boolean {
  return changeKind(change.kind).shared === true
}
