import { isReason } from '../../api/api-error.ts'
import { toTime } from '../../api/time.ts'
import type { Lease } from '../../api/types/coordination-v1.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { leases, nodes, pods } from '../../client/resources.ts'
import { settleAll } from '../common/errors.ts'
import { createLoop } from '../common/loop.ts'
import { podInformer, podsOnNode } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { lostConditions, NodeHealth } from './node-health.ts'
import { nodeTaints } from './node-taints.ts'

/** Too many nodes are lost for the fault to be theirs: nothing is evicted then. */
const unhealthyShare = 0.55
const betaLabels: [primary: string, secondary: string][] = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
]

/**
 * Notices nodes that have fallen silent, and shows the state of nodes as taints. A node's lease only moves a time stamp:
 * the one timer per node looks whether that has grown old. Keys are names of nodes.
 */
export function startNodeLifecycleController(context: ControllerContext): Controller {
  const name = 'node-controller'
  const { client, informers } = context
  const events = context.recorder(name)
  const cache = informers.informer<Node>(nodes)
  const leaseCache = informers.informer<Lease>(leases, { namespace: 'kube-node-lease' })
  const podCache = podInformer(context)
  const health = new NodeHealth()
  const loop = createLoop(context, { name, caches: [cache, leaseCache, podCache], reconcile })

  const observe = (node: string): void =>
    health.observe(node, cache.get('', node), leaseCache.get('kube-node-lease', node), context.now())

  loop.listen(cache, ({ current, old }) => {
    const node = (current ?? old) as Node
    const nodeName = node.metadata.name ?? ''
    observe(nodeName)
    loop.queue.add(nodeName)
    if (current && !old) tell(node, 'RegisteredNode', `Registered Node ${nodeName} in Controller`)
    if (!current) tell(node, 'RemovingNode', `Removing Node ${nodeName} from Controller`)
    // Whether a lost node's pods are evicted depends on how the others are.
    if ((old && readiness(old)) !== (current && readiness(current))) {
      for (const { metadata } of cache.list()) loop.queue.add(metadata.name ?? '')
    }
  })
  loop.listen(leaseCache, ({ current, old }) => observe((current ?? old)?.metadata.name ?? ''))
  // A pod that reaches the cache after its node was lost still claims to be ready.
  loop.listen(podCache, ({ current, old }) => {
    const node = current?.spec?.nodeName
    if (!current || !node || old?.spec?.nodeName === node) return
    const found = cache.get('', node)
    if (found && readiness(found) === 'Unknown') loop.queue.add(node)
  })

  function tell({ metadata }: Node, reason: string, message: string): void {
    events.event({ apiVersion: 'v1', kind: 'Node', metadata }, 'Normal', reason, message)
  }

  async function reconcile(nodeName: string): Promise<void> {
    let node = cache.get('', nodeName)
    if (!node) return
    const now = context.now()
    const left = health.left(nodeName, node, now)
    if (left > 0) loop.queue.addAfter(nodeName, left + 1)
    else node = await declareLost(node, now)
    node = await updateNode(node, toTime(now))
    if (readiness(node) === 'Unknown' || readiness(node) === 'False') await markPodsNotReady(node)
  }

  async function declareLost(node: Node, now: number): Promise<Node> {
    const conditions = lostConditions(node, toTime(now))
    if (conditions === node.status?.conditions) return node
    const wasReady = readiness(node) === 'True'
    const lost = await client.update<Node>(
      nodes,
      { ...node, status: { ...node.status, conditions } },
      { subresource: 'status' },
    )
    if (wasReady) tell(node, 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`)
    return lost
  }

  async function updateNode(node: Node, now: string): Promise<Node> {
    const evict = readiness(node) !== 'True' && mayEvict(context.now())
    const taints = nodeTaints(node, evict, now)
    const labels = withBetaLabels(node.metadata.labels)
    if (taints === node.spec?.taints && labels === node.metadata.labels) return node
    return client.update<Node>(nodes, {
      ...node,
      metadata: { ...node.metadata, ...(labels && { labels }) },
      spec: { ...node.spec, ...(taints && { taints }) },
    })
  }

  function mayEvict(now: number): boolean {
    const all = cache.list()
    // Nodes that fall silent together are declared lost one after the other.
    const isLost = (node: Node): boolean =>
      readiness(node) !== 'True' || health.left(node.metadata.name ?? '', node, now) === 0
    const lost = all.filter(isLost).length
    return lost < all.length && !(lost > 2 && lost / all.length >= unhealthyShare)
  }

  async function markPodsNotReady(node: Node): Promise<void> {
    await settleAll(
      podsOnNode(podCache, node.metadata.name ?? '').map(async (pod) => {
        const ready = findCondition(pod.status?.conditions, 'Ready')
        if (ready?.status !== 'True') return
        const lastTransitionTime = toTime(context.now())
        const conditions = pod.status?.conditions?.map((condition) =>
          condition === ready ? { ...condition, status: 'False', lastTransitionTime } : condition,
        )
        try {
          await client.update<Pod>(
            pods,
            { ...pod, status: { ...pod.status, ...(conditions && { conditions }) } },
            { subresource: 'status' },
          )
          events.event({ ...pod }, 'Warning', 'NodeNotReady', 'Node is not ready')
        } catch (error) {
          if (!isReason(error, 'NotFound')) throw error
        }
      }),
    )
  }

  return loop
}

function readiness({ status }: Node): string | undefined {
  return findCondition(status?.conditions, 'Ready')?.status
}

/** The old names of two labels, for those who still select by them. */
function withBetaLabels(labels: Record<string, string> | undefined): Record<string, string> | undefined {
  let next = labels
  for (const [primary, secondary] of betaLabels) {
    const value = labels?.[primary]
    if (value !== undefined && labels?.[secondary] !== value) next = { ...next, [secondary]: value }
  }
  return next
}
