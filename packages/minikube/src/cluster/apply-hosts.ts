import type { Work } from '../progress.ts'
import type { Cluster } from './cluster.ts'
import { configureCluster } from './configure.ts'
import { followServices } from './follow-services.ts'
import { applyServices } from './supervise.ts'
import { syncHosts } from './sync-node.ts'

const patience = 60_000

/** Brings the profile's host names to the node and to the cluster's DNS; while it is stopped the next start does. */
export async function applyHosts(cluster: Cluster, work: Work): Promise<void> {
  if (!(await cluster.supervisor.status())) return
  await syncHosts(cluster)
  const { config } = await configureCluster(cluster, work)
  await applyServices(cluster, config)
  const timed = AbortSignal.any([work.signal, AbortSignal.timeout(patience)])
  await followServices(cluster, { ...work, signal: timed }, patience, async (up) => {
    await Promise.all(config.services.map(({ name }) => up(name)))
  })
}
