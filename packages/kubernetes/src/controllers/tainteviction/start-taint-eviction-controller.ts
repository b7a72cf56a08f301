import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import { tolerates } from '../../api/scheduling/taints.ts'
import { toTime } from '../../api/time.ts'
import type { Node, Pod, Taint } from '../../api/types/core-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { nodes, pods } from '../../client/resources.ts'
import { withDisruptionTarget } from '../common/disruption-target.ts'
import { createLoop } from '../common/loop.ts'
import { podInformer, podsOnNode } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'

/** Deletes pods that do not, or no longer, tolerate their node's NoExecute taints; keys are those of pods. */
export function startTaintEvictionController(context: ControllerContext): Controller {
  const name = 'taint-eviction-controller'
  const { client } = context
  const events = context.recorder(name)
  const nodeCache = context.informers.informer<Node>(nodes)
  const podCache = podInformer(context)
  /** Since when a pod, by uid, has been tolerating for a limited time. */
  const since = new Map<string, number>()
  const loop = createLoop(context, { name, caches: [nodeCache, podCache], reconcile })

  loop.listen(nodeCache, ({ current, old }) => {
    if (deepEqual(evicting(current), evicting(old))) return
    const node = (current ?? old)?.metadata.name ?? ''
    for (const pod of podsOnNode(podCache, node)) loop.queue.add(keyOf(pod))
  })
  loop.listen(podCache, ({ current, old }) => {
    if (!current) {
      since.delete(old?.metadata.uid ?? '')
      return
    }
    const unchanged =
      old?.spec?.nodeName === current.spec?.nodeName &&
      deepEqual(old?.spec?.tolerations, current.spec?.tolerations)
    if (current.spec?.nodeName && !unchanged) loop.queue.add(keyOf(current))
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: podName } = splitKey(key)
    const pod = podCache.get(namespace, podName)
    if (!pod?.spec?.nodeName || pod.metadata.deletionTimestamp) return
    const uid = pod.metadata.uid ?? ''
    const taints = evicting(nodeCache.get('', pod.spec.nodeName))
    const seconds = tolerationSeconds(pod, taints)
    if (seconds === undefined) {
      if (since.delete(uid)) {
        const message = `Cancelling deletion of Pod ${key}`
        events.event({ ...pod }, 'Normal', 'TaintManagerEviction', message)
      }
      return
    }
    const now = context.now()
    const start = since.get(uid) ?? now
    since.set(uid, start)
    const left = start + seconds * 1000 - now
    if (left > 0) loop.queue.addAfter(key, left)
    else await evict(pod)
  }

  async function evict(pod: Pod): Promise<void> {
    const { namespace, name: podName = '', uid } = pod.metadata
    events.event({ ...pod }, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${keyOf(pod)}`)
    try {
      const message = 'Taint manager: deleting due to NoExecute taint'
      const marked = withDisruptionTarget(pod, 'DeletionByTaintManager', message, toTime(context.now()))
      await client.update<Pod>(pods, marked, { subresource: 'status' })
      await client.delete(pods, namespace, podName, uid ? { preconditions: { uid } } : {})
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  return loop
}

function evicting(node: Node | undefined): Taint[] {
  return (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
}

/** How long the pod tolerates all these taints: 0 not at all, undefined for ever. */
function tolerationSeconds({ spec }: Pod, taints: Taint[]): number | undefined {
  let least: number | undefined
  for (const taint of taints) {
    const toleration = spec?.tolerations?.find((each) => tolerates(each, taint))
    if (!toleration) return 0
    const seconds = toleration.tolerationSeconds
    if (seconds !== undefined) least = Math.min(least ?? seconds, Math.max(0, seconds))
  }
  return least
}
