import type { DaemonSet } from '../../api/types/apps-v1.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import { isPodAvailable } from '../../client/pod-state.ts'
import { fitsNode, isUpdated, updateLimits } from './daemon-pods.ts'
import type { DaemonChanges, PodsByNode } from './node-changes.ts'

/** A node's pod of the current revision and its pod of an old one; `excess` when there are more of a kind. */
interface NodePods {
  node: string
  current?: Pod
  old?: Pod
  excess: boolean
}

/** The next step of a rolling update, within maxUnavailable or maxSurge. */
export function rollingUpdate(
  set: DaemonSet,
  nodes: Node[],
  podsByNode: PodsByNode,
  hash: string,
  now: number,
): DaemonChanges {
  const wanting = nodes.filter((node) => fitsNode(set, node).run).map(({ metadata }) => metadata.name ?? '')
  const limits = updateLimits(set, wanting.length)
  const minReady = set.spec?.minReadySeconds ?? 0
  const isAvailable = (pod: Pod): boolean => isPodAvailable(pod, minReady, now)
  const all = new Map<string, Pod[]>([...wanting.map((node): [string, Pod[]] => [node, []]), ...podsByNode])
  const pairs = [...all].map(([node, pods]) => pair(set, node, pods, hash))
  if (limits.surge === 0) return replace(pairs, Math.max(1, limits.unavailable), isAvailable)
  const runs = new Set(wanting)
  return surge(pairs, limits.surge, wanting.length, (node) => runs.has(node), isAvailable)
}

function pair(set: DaemonSet, node: string, pods: Pod[], hash: string): NodePods {
  const alive = pods.filter(({ metadata }) => !metadata.deletionTimestamp)
  const [current, ...moreCurrent] = alive.filter((pod) => isUpdated(set, pod, hash))
  const [old, ...moreOld] = alive.filter((pod) => !isUpdated(set, pod, hash))
  return {
    node,
    ...(current && { current }),
    ...(old && { old }),
    excess: moreCurrent.length + moreOld.length > 0,
  }
}

/** Old pods go first: those that are no use anyway, and as many others as may be missing. */
function replace(
  pairs: NodePods[],
  maxUnavailable: number,
  isAvailable: (pod: Pod) => boolean,
): DaemonChanges {
  let unavailable = 0
  const useless: Pod[] = []
  const candidates: Pod[] = []
  for (const { current, old, excess } of pairs) {
    if (excess || Boolean(current) === Boolean(old)) unavailable++
    else if (current) {
      if (!isAvailable(current)) unavailable++
    } else if (old) {
      if (isAvailable(old)) candidates.push(old)
      else {
        useless.push(old)
        unavailable++
      }
    }
  }
  const room = Math.max(0, maxUnavailable - unavailable)
  return { create: [], delete: [...useless, ...candidates.slice(0, room)] }
}

/** New pods come first, and old ones go when the new one on their node is available. */
function surge(
  pairs: NodePods[],
  maxSurge: number,
  wanted: number,
  shouldRun: (node: string) => boolean,
  isAvailable: (pod: Pod) => boolean,
): DaemonChanges {
  const changes: DaemonChanges = { create: [], delete: [] }
  const candidates: string[] = []
  const unwanted: Pod[] = []
  let surging = 0
  let available = 0
  for (const { node, current, old, excess } of pairs) {
    if (excess) {
      surging++
      continue
    }
    const counts = old ?? current
    if (counts && isAvailable(counts)) available++
    if (!old) continue
    if (current) {
      if (isAvailable(current)) changes.delete.push(old)
      else surging++
    } else if (!shouldRun(node)) {
      if (isAvailable(old)) unwanted.push(old)
      else changes.delete.push(old)
    } else if (isAvailable(old)) candidates.push(node)
    else changes.create.push(node)
  }
  changes.delete.push(...unwanted.slice(0, Math.max(0, available - wanted)))
  changes.create.push(...candidates.slice(0, Math.max(0, maxSurge - surging)))
  return changes
}
