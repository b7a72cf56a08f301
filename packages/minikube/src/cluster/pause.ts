import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MinikubeError } from '../error.ts'
import type { Home } from '../home.ts'
import { hierarchies } from '../node/ledger/cgroup.ts'
import type { Work } from '../progress.ts'
import { type Cluster, cgroupOf, openCluster } from './cluster.ts'
import { loadProfile } from './profile-store.ts'
import { requireRoot } from './require-root.ts'

/** What Kubernetes itself consists of; a container runtime must go on serving, or its shims could not report. */
const paused = ['control-plane', 'node']

/** Halts Kubernetes so that it takes no CPU; `everything`: the containers, too. They keep their memory. */
export async function pause(home: Home, name: string, everything: boolean, work: Work): Promise<void> {
  const cluster = await running(home, name, 'pause')
  work.progress.step('Pausing', `Pausing node "${name}" ...`)
  await cluster.supervisor.pause(paused)
  if (everything) await freeze(cluster, true)
}

export async function unpause(home: Home, name: string, work: Work): Promise<void> {
  const cluster = await running(home, name, 'unpause')
  work.progress.step('Unpausing', `Unpausing node "${name}" ...`)
  await freeze(cluster, false)
  await cluster.supervisor.unpause(paused)
}

async function running(home: Home, name: string, command: string): Promise<Cluster> {
  const cluster = await openCluster(home, await loadProfile(home, name))
  requireRoot(cluster, command)
  if (await cluster.supervisor.status()) return cluster
  throw new MinikubeError('GUEST_NOT_RUNNING', `the cluster "${name}" does not run`, {
    advice: `Start it with 'minikube start${name === 'minikube' ? '' : ` -p ${name}`}'.`,
  })
}

/** Freezes or thaws the cgroup that all containers are in: cgroup.freeze (version 2) or freezer.state (version 1). */
async function freeze(cluster: Cluster, frozen: boolean): Promise<void> {
  for (const root of await hierarchies()) {
    const group = join(root, cgroupOf(cluster.profile.Name))
    const [second, first] = [join(group, 'cgroup.freeze'), join(group, 'freezer.state')]
    if (existsSync(second)) await writeFile(second, frozen ? '1' : '0')
    else if (existsSync(first)) await writeFile(first, frozen ? 'FROZEN' : 'THAWED')
  }
}
