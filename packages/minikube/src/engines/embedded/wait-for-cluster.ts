import { isReason } from '@minikube-ts/kubernetes/api/api-error.ts'
import type { GroupVersionResource, KubeObject } from '@minikube-ts/kubernetes/api/kube-object.ts'
import { createHttpTransport } from '@minikube-ts/kubernetes/client/create-http-transport.ts'
import { createHttpClient, type HttpClient } from '@minikube-ts/kubernetes/client/http-client.ts'

const nodes: GroupVersionResource = { group: '', version: 'v1', resource: 'nodes' }
const serviceAccounts: GroupVersionResource = { group: '', version: 'v1', resource: 'serviceaccounts' }

interface NodeObject extends KubeObject {
  status?: { conditions?: { type: string; status: string }[] }
}

/**
 * Resolves when the node is Ready and has its labels, and pods can run as the default service account. The API answers
 * already.
 */
export async function waitForCluster(
  server: string,
  admin: { ca: string; cert: string; key: string },
  node: { name: string; labels: Record<string, string> },
  signal: AbortSignal,
): Promise<void> {
  const client = createHttpClient(createHttpTransport({ server, ...admin }), { userAgent: 'minikube' })
  try {
    await Promise.all([
      seen<NodeObject>(client, nodes, { fieldSelector: `metadata.name=${node.name}` }, signal, isReady).then(
        async ({ metadata }) => {
          const wanted = Object.entries(node.labels)
          if (wanted.every(([key, value]) => metadata?.labels?.[key] === value)) return
          await client.patch(nodes, undefined, node.name, 'merge', { metadata: { labels: node.labels } })
        },
      ),
      seen(
        client,
        serviceAccounts,
        { namespace: 'default', fieldSelector: 'metadata.name=default' },
        signal,
        () => true,
      ),
    ])
  } finally {
    client.close()
  }
}

function isReady({ status }: NodeObject): boolean {
  return (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True')
}

/** Watches until an object is as wanted. */
async function seen<T extends KubeObject>(
  client: HttpClient,
  resource: GroupVersionResource,
  where: { namespace?: string; fieldSelector: string },
  signal: AbortSignal,
  wanted: (object: T) => boolean,
): Promise<T> {
  const found = new AbortController()
  const until = AbortSignal.any([signal, found.signal])
  for (;;) {
    signal.throwIfAborted()
    try {
      // Without a resourceVersion a watch begins with what is there.
      for await (const { type, object } of client.watch<T>(resource, { ...where, signal: until })) {
        if ((type !== 'ADDED' && type !== 'MODIFIED') || !wanted(object)) continue
        found.abort()
        return object
      }
    } catch (error) {
      if (!isReason(error, 'Expired')) throw error
    }
  }
}
