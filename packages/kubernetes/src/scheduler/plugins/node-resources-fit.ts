import { podRequests } from '../../api/scheduling/pod-resources.ts'
import type { Node } from '../../api/types/core-v1.ts'
import type { NodeInfo } from '../cluster/node-info.ts'
import { NodeInfo as Capacity } from '../cluster/node-info.ts'
import type { PodInfo } from '../cluster/pod-info.ts'
import { type ClusterEvent, isOwnUpdate, nodeNowSatisfies } from '../queue/cluster-event.ts'
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
    const before = podRequests(event.old, { useStatus: true })
    const after = podRequests(event.current, { useStatus: true })
    return [...pod.requests].some(
      ([resource, wanted]) => wanted > 0 && (before.get(resource) ?? 0) > (after.get(resource) ?? 0),
    )
  }
  return (
    nodeNowSatisfies(event, (node: Node) => {
      const capacity = new Capacity(node)
      return (
        capacity.allocatable('pods') > 0 &&
        [...pod.requests].every(([resource, wanted]) => wanted <= capacity.allocatable(resource))
      )
    }) || grew(event, pod)
  )
}

/** A node that has become bigger, in what the pod wants or in how many pods it takes. */
function grew(event: ClusterEvent, pod: PodInfo): boolean {
  if (event.kind !== 'Node' || !event.current || !event.old) return false
  const before = new Capacity(event.old)
  const after = new Capacity(event.current)
  return ['pods', ...pod.requests.keys()].some(
    (resource) => after.allocatable(resource) > before.allocatable(resource),
  )
}
