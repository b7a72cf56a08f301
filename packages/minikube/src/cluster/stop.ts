import type { Home } from '../home.ts'
import { withLock } from '../lock.ts'
import type { Work } from '../progress.ts'
import { openCluster } from './cluster.ts'
import { removeContext } from './kubeconfig.ts'
import { powerOff } from './power-off.ts'
import { loadProfile } from './profile-store.ts'
import { requireRoot } from './require-root.ts'

/** Stops a cluster; its data stays. Succeeds when it does not run. */
export async function stop(home: Home, name: string, keepContext: boolean, work: Work): Promise<void> {
  await withLock(`profile ${home.root} ${name}`, `working on the profile "${name}"`, work, async () => {
    const profile = await loadProfile(home, name)
    const cluster = await openCluster(home, profile)
    requireRoot(cluster, 'stop')
    work.progress.step('Stopping', `Stopping node "${name}" ...`)
    await powerOff(cluster, true, work)
    await cluster.driver.stop(cluster.machine, work)
    if (!keepContext) await removeContext(home, name)
  })
}
