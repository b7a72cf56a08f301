import type { Home } from '../home.ts'
import { askingContext, openCluster } from './cluster.ts'
import { viewContext } from './kubeconfig.ts'
import { loadProfile } from './profile-store.ts'
import { apiServerUrl, publishContext } from './publish-context.ts'

/** Writes the kubeconfig entry anew; false when it was right already. */
export async function updateContext(home: Home, name: string): Promise<boolean> {
  const cluster = await openCluster(home, await loadProfile(home, name))
  const right = (await viewContext(home, name)).server === apiServerUrl(cluster)
  const context = askingContext(cluster)
  await publishContext(cluster, context)
  return !right
}
