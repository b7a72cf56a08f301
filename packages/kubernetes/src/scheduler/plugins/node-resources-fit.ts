import { podRequests } from '../../api/scheduling/pod-resources.ts'
import { NodeInfo } from '../cluster/node-info.ts'
import type { PodInfo } from '../cluster/pod-info.ts'
import { type ClusterEvent, isOwnUpdate, oncePerEvent } from '../queue/cluster-event.ts'
import type { Plugin, Rejection } from './plugin.ts'

const name = 'NodeResourcesFit'
/** Scored, each with the same weight. */
const scored = ['cpu', 'memory'] as const

/** The node has what the pod requests; nodes with more left over are better (LeastAllocated). */
export function nodeResourcesFit(): Plugin {
  return {
    name,
    weight: 1,
    prepare: (pod) => ({ filter: (node) => fit(pod, node) }),
    prepareScore: (pod) => ({ score: (node) => leastAllocated(pod, node) }),
    helps,
  }
}

function fit({ requests }: PodInfo, node: NodeInfo): Rejection | undefined {
  const reasons: string[] = []
  let resolvable = true
  if (node.podCount + 1 > node.allocatable('pods')) reasons.push('Too many pods')
  for (const [resource, wanted] of requests) {
    if (wanted === 0 || wanted <= node.allocatable(resource) - node.requested(resource)) continue
    reasons.push(`Insufficient ${resource}`)
    // More than the whole node has: no other pod is in the way.
    if (wanted > node.allocatable(resource)) resolvable = false
  }
  return reasons.length > 0 ? { plugin: name, reasons, resolvable } : undefined
}

function leastAllocated({ nonZeroRequests }: PodInfo, node: NodeInfo): number {
  let sum = 0
  let weights = 0
  for (const resource of scored) {
    const capacity = node.allocatable(resource)
    if (capacity === 0) continue
    const requested = node.nonZeroRequested(resource) + (nonZeroRequests.get(resource) ?? 0)
    sum += requested > capacity ? 0 : Math.trunc(((capacity - requested) * 100) / capacity)
    weights++
  }
  return weights === 0 ? 0 : Math.trunc(sum / weights)
}

function helps(event: ClusterEvent, pod: PodInfo): boolean {
  if (isOwnUpdate(event, pod.pod)) return true
  if (event.kind === 'AssignedPod') {
    if (!event.old) return false
    if (!event.current) return true
    const less = shrunk(event)
    return [...pod.requests].some(([resource, wanted]) => wanted > 0 && less.has(resource))
  }
  if (event.kind !== 'Node' || !event.current) return false
  const { before, after } = capacities(event)
  if (!after || !isBigEnough(after, pod)) return false
  if (!before) return true
  const wanted = ['pods', ...pod.requests.keys()]
  return wanted.some((resource) => after.allocatable(resource) > before.allocatable(resource))
}

/** The empty node could take the pod. */
function isBigEnough(node: NodeInfo, { requests }: PodInfo): boolean {
  if (node.allocatable('pods') === 0) return false
  return [...requests].every(([resource, wanted]) => wanted <= node.allocatable(resource))
}

/** Resources of which a running pod needs less now. */
const shrunk = oncePerEvent((event): ReadonlySet<string> => {
  if (event.kind !== 'AssignedPod' || !event.old || !event.current) return new Set()
  const before = podRequests(event.old, { useStatus: true })
  const after = podRequests(event.current, { useStatus: true })
  return new Set([...before].flatMap(([name, amount]) => (amount > (after.get(name) ?? 0) ? [name] : [])))
})

const capacities = oncePerEvent((event): { before?: NodeInfo; after?: NodeInfo } => {
  if (event.kind !== 'Node') return {}
  return {
    ...(event.old && { before: new NodeInfo(event.old) }),
    ...(event.current && { after: new NodeInfo(event.current) }),
  }
})
