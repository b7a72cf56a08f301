import { createHttpTransport } from '@minikube-ts/kubernetes/client/create-http-transport.ts'
import { createHttpClient, type HttpClient } from '@minikube-ts/kubernetes/client/http-client.ts'
import { askingContext, type Cluster } from './cluster.ts'
import { apiServerUrl } from './publish-context.ts'

/** A client with the administrator's rights; close it. */
export async function adminClient(cluster: Cluster): Promise<HttpClient> {
  const context = askingContext(cluster)
  const admin = await cluster.engine.admin(context)
  return createHttpClient(createHttpTransport({ server: apiServerUrl(cluster), ...admin }), {
    userAgent: 'minikube',
  })
}
