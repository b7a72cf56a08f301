import { isReason } from '../../api/api-error.ts'
import { toTime } from '../../api/time.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import { isConditionTrue } from '../../client/conditions.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { isPodTerminal } from '../../client/pod-state.ts'
import { nodes, pods } from '../../client/resources.ts'
import { withDisruptionTarget } from '../common/disruption-target.ts'
import { createLoop } from '../common/loop.ts'
import { podInformer, podsOnNode } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'

/** More ended pods than this are not kept (--terminated-pod-gc-threshold). */
const terminatedLimit = 12_500
/** A node that is missing for so long is not coming back in a moment. */
const quarantineMs = 40_000
const overflowKey = 'overflow'

/** Deletes pods that nobody else will: of nodes that are gone, never scheduled and deleted, or ended long ago. */
export function startPodGarbageCollector(context: ControllerContext): Controller {
  const name = 'pod-garbage-collector'
  const { client } = context
  const cache = podInformer(context)
  const nodeCache = context.informers.informer<Node>(nodes)
  const missingSince = new Map<string, number>()
  let ended = 0
  const loop = createLoop(context, {
    name,
    caches: [cache, nodeCache],
    reconcile: (key) => (key === overflowKey ? deleteOverflow() : reconcile(key)),
  })

  loop.listen(cache, ({ current, old }) => {
    ended +=
      Number(current !== undefined && isPodTerminal(current)) -
      Number(old !== undefined && isPodTerminal(old))
    if (ended > terminatedLimit) loop.queue.add(overflowKey)
    if (current && (current.metadata.deletionTimestamp || isNodeMissing(current)))
      loop.queue.add(keyOf(current))
  })
  loop.listen(nodeCache, ({ current, old }) => {
    const node = (current ?? old)?.metadata.name ?? ''
    if (current && !old) missingSince.delete(node)
    // Gone, or declared out of service: its pods cannot end by themselves.
    if (current && !isOutOfService(current)) return
    for (const pod of podsOnNode(cache, node)) loop.queue.add(keyOf(pod))
  })

  function isNodeMissing({ spec }: Pod): boolean {
    return spec?.nodeName !== undefined && nodeCache.get('', spec.nodeName) === undefined
  }

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: podName } = splitKey(key)
    const pod = cache.get(namespace, podName)
    if (!pod) return
    const nodeName = pod.spec?.nodeName
    if (!nodeName) {
      if (pod.metadata.deletionTimestamp) await remove(pod)
      return
    }
    const node = nodeCache.get('', nodeName)
    if (node) {
      if (pod.metadata.deletionTimestamp && isOutOfService(node)) await remove(pod)
      return
    }
    const now = context.now()
    const since = missingSince.get(nodeName) ?? now
    missingSince.set(nodeName, since)
    const left = since + quarantineMs - now
    if (left > 0) {
      loop.queue.addAfter(key, left)
      return
    }
    try {
      await client.get<Node>(nodes, undefined, nodeName)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      const message = 'PodGC: node no longer exists'
      await remove(withDisruptionTarget(pod, 'DeletionByPodGC', message, toTime(now)))
    }
  }

  async function deleteOverflow(): Promise<void> {
    const age = ({ metadata }: Pod): string => `${metadata.creationTimestamp ?? ''} ${keyOf({ metadata })}`
    const oldest = cache
      .list()
      .filter(isPodTerminal)
      .sort((a, b) => (age(a) < age(b) ? -1 : 1))
    for (const pod of oldest.slice(0, Math.max(0, oldest.length - terminatedLimit))) await remove(pod)
  }

  /** A pod that did not end is marked as failed first: its job has to know. */
  async function remove(pod: Pod): Promise<void> {
    const { namespace, name: podName = '' } = pod.metadata
    try {
      if (!isPodTerminal(pod)) {
        const failed = { ...pod, status: { ...pod.status, phase: 'Failed' } }
        await client.update<Pod>(pods, failed, { subresource: 'status' })
      }
      await client.delete(pods, namespace, podName, { gracePeriodSeconds: 0 })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  return loop
}

function isOutOfService({ spec, status }: Node): boolean {
  return (
    spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/out-of-service') === true &&
    !isConditionTrue(status?.conditions, 'Ready')
  )
}
