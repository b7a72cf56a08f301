import { deepEqual } from '../../api/json.ts'
import type { KubeObject, ObjectMeta } from '../../api/kube-object.ts'
import { formatQuantities, parseQuantities, sameQuantities } from '../../api/quota/quantities.ts'
import type { QuotaEvaluator } from '../../api/quota/quota-evaluator.ts'
import { quotaEvaluatorsFor } from '../../api/quota/quota-evaluators.ts'
import { quotaUsage } from '../../api/quota/quota-usage.ts'
import type { ResourceQuota } from '../../api/types/core-v1.ts'
import { type Informer, keyOf, splitKey } from '../../client/informer.ts'
import { resourceQuotas } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { oneVersionEach, type ResourceSource } from '../resource-source.ts'

type Counted = KubeObject & { metadata: ObjectMeta }

/** What admission has charged for objects that were then refused is given back so long after the charge. */
const settleMs = 10_000

/**
 * Keeps `status.used` of quotas: counts anew when the quota changes and when something that it counts goes away. What
 * comes is charged by admission. Kinds are watched from the first quota on that counts them. Keys are those of quotas.
 */
export function startResourceQuotaController(context: ControllerContext, source: ResourceSource): Controller {
  const { client, informers, now } = context
  const cache = informers.informer<ResourceQuota>(resourceQuotas)
  const watched = new Map<string, Informer<Counted>>()
  const loop = createLoop(context, { name: 'resourcequota-controller', caches: [cache], reconcile })

  loop.listen(cache, ({ current, old }) => {
    if (!current) return
    if (!old || !deepEqual(old.spec, current.spec)) loop.queue.add(keyOf(current))
    else if (!deepEqual(old.status, current.status)) loop.queue.addAfter(keyOf(current), settleMs)
  })

  function watch(evaluator: QuotaEvaluator): Informer<Counted> | undefined {
    const { group, resource } = evaluator.resource
    const key = `${resource}.${group}`
    const known = watched.get(key)
    if (known) return known
    const info = oneVersionEach(source.list()).find(
      (each) => each.group === group && each.resource === resource && each.namespaced,
    )
    if (!info?.verbs.includes('watch')) return undefined
    const informer = informers.informer<Counted>({ group, version: info.version, resource })
    watched.set(key, informer)
    loop.listen(informer, ({ current, old }) => {
      if (!old) return
      const quotas = cache.list(old.metadata.namespace)
      if (quotas.length === 0) return
      const at = now()
      if (current && sameQuantities(evaluator.usage(old, at), evaluator.usage(current, at))) return
      for (const quota of quotas) {
        if (Object.keys(quota.spec?.hard ?? {}).some(evaluator.measures)) loop.queue.add(keyOf(quota))
      }
    })
    return informer
  }

  async function reconcile(key: string): Promise<void> {
    const { namespace, name } = splitKey(key)
    const quota = cache.get(namespace, name)
    const hard = parseQuantities(quota?.spec?.hard)
    if (!quota) return
    const counted = quotaEvaluatorsFor([...hard.keys()]).map(watch)
    await Promise.all(counted.map((informer) => informer?.synced))
    const usage = quotaUsage(
      quota.spec ?? {},
      ({ group, resource }) => watched.get(`${resource}.${group}`)?.list(namespace),
      now(),
    )
    const before = parseQuantities(quota.status?.used)
    // What cannot be counted (a kind that is not served) keeps what was known of it.
    const used = new Map(
      [...hard.keys()].flatMap((each) => {
        const quantity = usage.get(each) ?? before.get(each)
        return quantity ? [[each, quantity] as const] : []
      }),
    )
    const status = quota.status
    if (status?.used && deepEqual(status.hard, quota.spec?.hard) && sameQuantities(used, before)) return
    await client.update<ResourceQuota>(
      resourceQuotas,
      {
        ...quota,
        status: { ...(quota.spec?.hard && { hard: quota.spec.hard }), used: formatQuantities(used) },
      },
      { subresource: 'status' },
    )
  }

  return loop
}
