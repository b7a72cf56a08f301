import { isReason } from '../../api/api-error.ts'
import { toTime } from '../../api/time.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import { isConditionTrue } from '../../client/conditions.ts'
import { splitKey } from '../../client/informer.ts'
import { nodes, pods } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import { podInformer } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'

export interface PretendOptions {
  /** Nodes to register. */
  names?: string[]
  /** Where a pod goes; to each node in turn unless said otherwise. */
  place?(pod: Pod): string
  /** What becomes of a pod; running and ready unless said otherwise. */
  outcome?(pod: Pod): 'ready' | 'running' | 'succeeded' | 'failed' | 'pending'
}

/** Stands in for scheduler and kubelets: places pods, reports them as running and ready, and lets deleted ones go. */
export async function pretendNodes(
  context: ControllerContext,
  { names = ['node-1'], place, outcome = () => 'ready' }: PretendOptions = {},
): Promise<Controller> {
  const { client } = context
  for (const name of names) {
    const node: Node = {
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    }
    await client.create(nodes, undefined, node)
  }
  const cache = podInformer(context)
  const nodeCache = context.informers.informer<Node>(nodes)
  let placed = 0
  let addresses = 0
  const loop = createLoop(context, {
    name: 'pretend-nodes',
    caches: [cache, nodeCache],
    async reconcile(key) {
      const { namespace, name } = splitKey(key)
      const pod = cache.get(namespace, name)
      if (!pod) return
      try {
        await advance(pod)
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
      }
    },
  })
  loop.follow(cache)

  async function advance(pod: Pod): Promise<void> {
    const { namespace = '', name = '' } = pod.metadata
    if (pod.metadata.deletionTimestamp) {
      const phase = pod.status?.phase
      if (phase === 'Succeeded' || phase === 'Failed') return
      await client.delete(pods, namespace, name, { gracePeriodSeconds: 0 })
      return
    }
    if (!pod.spec?.nodeName) {
      const target = { apiVersion: 'v1', kind: 'Node', name: place?.(pod) ?? names[placed++ % names.length] }
      await client.create(
        pods,
        namespace,
        { metadata: { name, namespace }, target },
        { name, subresource: 'binding' },
      )
      return
    }
    // The kubelet of a node that is lost reports nothing.
    const node = nodeCache.get('', pod.spec.nodeName)
    if (node && !isConditionTrue(node.status?.conditions, 'Ready')) return
    const result = outcome(pod)
    const phase = {
      ready: 'Running',
      running: 'Running',
      succeeded: 'Succeeded',
      failed: 'Failed',
      pending: 'Pending',
    }[result]
    const isReady = result === 'ready'
    const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')
    if (pod.status?.phase === phase && (ready?.status === 'True') === isReady) return
    const podIP = pod.status?.podIP ?? `10.0.0.${++addresses}`
    const time = toTime(context.now())
    await client.update<Pod>(
      pods,
      {
        ...pod,
        status: {
          ...pod.status,
          phase,
          podIP,
          podIPs: [{ ip: podIP }],
          startTime: time,
          conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: time }],
          containerStatuses: pod.spec.containers.map((container) => ({
            name: container.name,
            image: container.image ?? '',
            imageID: '',
            ready: isReady,
            restartCount: 0,
            state:
              phase === 'Running'
                ? { running: { startedAt: time } }
                : {
                    terminated: { exitCode: result === 'failed' ? 1 : 0, finishedAt: time },
                  },
          })),
        },
      },
      { subresource: 'status' },
    )
  }

  return { name: 'pretend-nodes', stop: () => loop.stop() }
}
