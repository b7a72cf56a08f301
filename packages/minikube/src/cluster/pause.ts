import type { Home } from '../home.ts'
import type { Work } from '../progress.ts'
import { type Cluster, openCluster } from './cluster.ts'
import { freezeContainers } from './freeze-containers.ts'
import { loadProfile } from './profile-store.ts'
import { requireRoot } from './require-root.ts'
import { requireRunning } from './require-running.ts'

/** What Kubernetes itself consists of; a container runtime must go on serving, or its shims could not report. */
const paused = ['control-plane', 'node']

/** Halts Kubernetes so that it takes no CPU; `everything`: the containers, too. They keep their memory. */
export async function pause(home: Home, name: string, everything: boolean, work: Work): Promise<void> {
  const cluster = await running(home, name, 'pause')
  work.progress.step('Pausing', `Pausing node "${name}" ...`)
  await cluster.supervisor.pause(paused)
  if (everything) await freezeContainers(name, true)
}

export async function unpause(home: Home, name: string, work: Work): Promise<void> {
  const cluster = await running(home, name, 'unpause')
  work.progress.step('Unpausing', `Unpausing node "${name}" ...`)
  await resume(cluster)
}

/** Lets everything go on that was paused; what was not is left alone. */
export async function resume(cluster: Cluster): Promise<void> {
  await freezeContainers(cluster.profile.Name, false)
  await cluster.supervisor.unpause(paused)
}

async function running(home: Home, name: string, command: string): Promise<Cluster> {
  const cluster = await openCluster(home, await loadProfile(home, name))
  requireRoot(cluster, command)
  await requireRunning(cluster)
  return cluster
}
