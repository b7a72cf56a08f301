import { isReason } from '../../api/api-error.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import { parseTime } from '../../api/time.ts'
import type { Namespace, Pod } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { isPodTerminal } from '../../client/pod-state.ts'
import { pods } from '../../client/resources.ts'
import { oneVersionEach } from '../resource-source.ts'

/** What is left of a namespace's content. */
export interface Remains {
  /** Objects by `resource.group`. */
  counts: Map<string, number>
  /** Objects by the finalizers that hold them. */
  finalizers: Map<string, number>
  failures: unknown[]
  /** Seconds that the rest may take; 0 when nothing is left. */
  estimateSeconds: number
}

const finalizerEstimateSeconds = 15

/** Deletes everything in a namespace: first pods, and only when they are gone the rest, which they may still use. */
export async function deleteContent(
  client: Client,
  namespace: Namespace,
  resources: ResourceInfo[],
  now: number,
): Promise<Remains> {
  const remains: Remains = { counts: new Map(), finalizers: new Map(), failures: [], estimateSeconds: 0 }
  const name = namespace.metadata.name ?? ''
  const deletable = resources.filter(({ namespaced, verbs }) => namespaced && verbs.includes('delete'))
  const isPods = ({ group, resource }: ResourceInfo): boolean => group === '' && resource === 'pods'
  for (const info of deletable.filter(isPods)) {
    const grace = await podGraceSeconds(client, name)
    const elapsed = (now - (parseTime(namespace.metadata.deletionTimestamp) ?? now)) / 1000
    await empty(client, info, name, elapsed >= grace ? 0 : grace, remains)
  }
  if (remains.counts.size > 0) return remains
  await Promise.all(
    oneVersionEach(deletable.filter((info) => !isPods(info))).map((info) =>
      empty(client, info, name, 0, remains),
    ),
  )
  return remains
}

async function empty(
  client: Client,
  info: ResourceInfo,
  namespace: string,
  estimate: number,
  remains: Remains,
): Promise<void> {
  try {
    if (info.verbs.includes('deletecollection')) {
      await client.deleteCollection(info, { namespace }, { propagationPolicy: 'Background' })
    } else {
      await deleteEach(client, info, namespace)
    }
    if (!info.verbs.includes('list')) return
    const { items } = await client.list(info, { namespace })
    if (items.length === 0) return
    remains.counts.set(`${info.resource}.${info.group}`, items.length)
    let held = false
    for (const finalizer of items.flatMap(({ metadata }) => metadata?.finalizers ?? [])) {
      held = true
      remains.finalizers.set(finalizer, (remains.finalizers.get(finalizer) ?? 0) + 1)
    }
    const seconds = estimate || (held ? finalizerEstimateSeconds : 0)
    remains.estimateSeconds = Math.max(remains.estimateSeconds, seconds)
    if (seconds === 0) {
      const gvr = `${info.group}/${info.version}, Resource=${info.resource}`
      throw new Error(`unexpected items still remain in namespace: ${namespace} for gvr: ${gvr}`)
    }
  } catch (error) {
    // The resource itself (a CustomResourceDefinition) may be gone by now.
    if (!isReason(error, 'NotFound') && !isReason(error, 'MethodNotAllowed')) remains.failures.push(error)
  }
}

async function deleteEach(client: Client, info: ResourceInfo, namespace: string): Promise<void> {
  const { items } = await client.list(info, { namespace })
  for (const { metadata } of items) {
    try {
      await client.delete(info, namespace, metadata?.name ?? '', { propagationPolicy: 'Background' })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}

async function podGraceSeconds(client: Client, namespace: string): Promise<number> {
  const { items } = await client.list<Pod>(pods, { namespace })
  return items
    .filter((pod) => !isPodTerminal(pod))
    .reduce((longest, { spec }) => Math.max(longest, spec?.terminationGracePeriodSeconds ?? 0), 0)
}
