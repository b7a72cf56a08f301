import type { EngineContext } from '../engines/engine.ts'
import type { Cluster } from './cluster.ts'
import { putContext, viewContext } from './kubeconfig.ts'

/** Where the host reaches the cluster's API. */
export function apiServerUrl(cluster: Cluster): string {
  return `https://127.0.0.1:${cluster.network.apiServerPort}`
}

/** Writes the kubeconfig entry; true when it is the current context then. */
export async function publishContext(cluster: Cluster, context: EngineContext): Promise<boolean> {
  const { home, profile } = cluster
  const admin = await cluster.engine.admin(context)
  const embedded = profile.EmbedCerts
  await putContext(
    home,
    {
      name: profile.Name,
      server: apiServerUrl(cluster),
      namespace: profile.KubernetesConfig.Namespace,
      certificateAuthority: embedded ? admin.ca : home.path('ca.crt'),
      clientCertificate: embedded ? admin.cert : home.profile(profile.Name, 'client.crt'),
      clientKey: embedded ? admin.key : home.profile(profile.Name, 'client.key'),
      embedded,
    },
    !profile.KeepContext,
  )
  return (await viewContext(home, profile.Name)).current === profile.Name
}
