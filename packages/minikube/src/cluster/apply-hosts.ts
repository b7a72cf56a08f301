import type { Cluster } from './cluster.ts'
import { syncHosts } from './sync-node.ts'

/** Brings the profile's host names onto the node; while the cluster is stopped the next start does. */
export async function applyHosts(cluster: Cluster): Promise<void> {
  if (await cluster.supervisor.status()) await syncHosts(cluster)
}
