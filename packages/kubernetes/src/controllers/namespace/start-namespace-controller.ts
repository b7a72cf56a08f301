import { isReason } from '../../api/api-error.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import type { Namespace, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import { namespaces, persistentVolumeClaims } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import { podInformer } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { deleteContent } from './delete-content.ts'
import { namespaceConditions } from './namespace-conditions.ts'

const finalizer = 'kubernetes'

/**
 * Empties namespaces that are being deleted, then lets them go. What holds them up longest, pods and claims, reports its
 * end by itself; for the rest it looks again after half of the estimated time.
 */
export function startNamespaceController(
  context: ControllerContext,
  listResources: () => ResourceInfo[],
): Controller {
  const { client } = context
  const cache = context.informers.informer<Namespace>(namespaces)
  const pods = podInformer(context)
  const claims = context.informers.informer<PersistentVolumeClaim>(persistentVolumeClaims)
  const loop = createLoop(context, {
    name: 'namespace-controller',
    caches: [cache],
    maxBackoffMs: 60_000,
    async reconcile(key) {
      try {
        await remove(key)
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
      }
    },
  })

  loop.listen(cache, ({ current }) => {
    if (current?.metadata.deletionTimestamp) loop.queue.add(current.metadata.name ?? '')
  })
  const wake = (namespace: string): void => {
    if (cache.get('', namespace)?.metadata.deletionTimestamp) loop.queue.add(namespace)
  }
  loop.listen(pods, ({ current, old }) => {
    const namespace = old?.metadata.namespace ?? ''
    if (!current && pods.list(namespace).length === 0) wake(namespace)
  })
  loop.listen(claims, ({ current, old }) => {
    if (!current) wake(old?.metadata.namespace ?? '')
  })

  async function remove(name: string): Promise<void> {
    let namespace = await client.get<Namespace>(namespaces, undefined, name)
    if (!namespace.metadata.deletionTimestamp) return
    if (namespace.status?.phase !== 'Terminating') {
      namespace = await client.update<Namespace>(
        namespaces,
        { ...namespace, status: { ...namespace.status, phase: 'Terminating' } },
        { subresource: 'status' },
      )
    }
    if (!namespace.spec?.finalizers?.length) return
    const remains = await deleteContent(client, namespace, listResources(), context.now())
    const conditions = namespaceConditions(namespace.status?.conditions, remains, context.now())
    const changed = conditions !== (namespace.status?.conditions ?? conditions)
    const troubled = remains.failures.length > 0 || remains.counts.size > 0
    // An empty namespace is gone in a moment: nobody will read that all went well.
    if (changed || (troubled && !namespace.status?.conditions)) {
      namespace = await client.update<Namespace>(
        namespaces,
        { ...namespace, status: { ...namespace.status, conditions } },
        { subresource: 'status' },
      )
    }
    if (remains.failures.length > 0) throw remains.failures[0]
    if (remains.estimateSeconds > 0) {
      loop.queue.addAfter(name, (Math.floor(remains.estimateSeconds / 2) + 1) * 1000)
      return
    }
    const finalizers = namespace.spec?.finalizers?.filter((each) => each !== finalizer) ?? []
    await client.update<Namespace>(
      namespaces,
      { ...namespace, spec: { ...namespace.spec, finalizers } },
      { subresource: 'finalize' },
    )
  }

  return loop
}
