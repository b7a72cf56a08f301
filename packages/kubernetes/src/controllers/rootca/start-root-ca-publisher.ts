import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { ConfigMap, Namespace } from '../../api/types/core-v1.ts'
import { configMaps, namespaces } from '../../client/resources.ts'
import { isNamespaceTerminating } from '../common/errors.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'

const name = 'kube-root-ca.crt'
const annotation = 'kubernetes.io/description'
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

/** Every namespace has the ConfigMap with the CA that pods trust the API server by; keys are names of namespaces. */
export function startRootCaPublisher(context: ControllerContext, rootCa: string): Controller {
  const { client, informers } = context
  const cache = informers.informer<Namespace>(namespaces)
  const maps = informers.informer<ConfigMap>(configMaps, { fieldSelector: `metadata.name=${name}` })
  const data = { 'ca.crt': rootCa }
  const loop = createLoop(context, {
    name: 'root-ca-certificate-publisher',
    caches: [cache, maps],
    async reconcile(namespace) {
      const found = cache.get('', namespace)
      if (!found || found.metadata.deletionTimestamp) return
      const existing = maps.get(namespace, name)
      if (existing) {
        const { annotations } = existing.metadata
        if (deepEqual(existing.data, data) && annotations?.[annotation]) return
        await client.update<ConfigMap>(configMaps, {
          ...existing,
          metadata: { ...existing.metadata, annotations: { ...annotations, [annotation]: description } },
          data,
        })
        return
      }
      const map: ConfigMap = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace, annotations: { [annotation]: description } },
        data,
      }
      try {
        await client.create(configMaps, namespace, map)
      } catch (error) {
        // A namespace that goes away needs none; one that the cache did not show comes by itself.
        if (!isReason(error, 'AlreadyExists') && !isNamespaceTerminating(error)) throw error
      }
    },
  })
  loop.follow(cache)
  loop.listen(maps, ({ current, old }) => loop.queue.add((current ?? old)?.metadata.namespace ?? ''))
  return loop
}
