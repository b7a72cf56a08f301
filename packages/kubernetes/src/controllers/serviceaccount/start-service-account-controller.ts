import { isReason } from '../../api/api-error.ts'
import type { Namespace, ServiceAccount } from '../../api/types/core-v1.ts'
import { namespaces, serviceAccounts } from '../../client/resources.ts'
import { isNamespaceTerminating } from '../common/errors.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'

/** Every namespace has the ServiceAccount `default`; keys are names of namespaces. */
export function startServiceAccountController(context: ControllerContext): Controller {
  const cache = context.informers.informer<Namespace>(namespaces)
  const accounts = context.informers.informer<ServiceAccount>(serviceAccounts)
  const loop = createLoop(context, {
    name: 'serviceaccount-controller',
    caches: [cache, accounts],
    async reconcile(namespace) {
      const found = cache.get('', namespace)
      if (!found || found.status?.phase === 'Terminating' || found.metadata.deletionTimestamp) return
      if (accounts.get(namespace, 'default')) return
      const account: ServiceAccount = {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace },
      }
      try {
        await context.client.create(serviceAccounts, namespace, account)
      } catch (error) {
        if (!isReason(error, 'AlreadyExists') && !isNamespaceTerminating(error)) throw error
      }
    },
  })
  loop.follow(cache)
  loop.listen(accounts, ({ current, old }) => {
    if (!current && old?.metadata.name === 'default') loop.queue.add(old.metadata.namespace ?? '')
  })
  return loop
}
