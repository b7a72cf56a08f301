import type { NodeInfo } from '../cluster/node-info.ts'
import type { PodInfo } from '../cluster/pod-info.ts'
import type { ClusterEvent } from '../queue/cluster-event.ts'

/** Why a pod cannot run, on one node or on any. */
export interface Rejection {
  readonly plugin: string
  /** As they are counted in `0/3 nodes are available: 1 Insufficient cpu, …`. */
  readonly reasons: readonly string[]
  /** True when the absence of other pods could help, so that preemption is worth a try. */
  readonly resolvable: boolean
}

/** What a plugin checks for one pod during one scheduling cycle, node by node. */
export interface Filter {
  /** Only these nodes can do; the others are not looked at. */
  readonly nodeNames?: ReadonlySet<string>
  filter?(node: NodeInfo): Rejection | undefined
  /** Told of pods that are put on a node, or taken away, to see what then. Each undoes the other exactly. */
  podAdded?(pod: PodInfo, node: NodeInfo): void
  podRemoved?(pod: PodInfo, node: NodeInfo): void
  /** The pod goes to this node: claim what it needs there. */
  reserve?(node: NodeInfo): Reservation | undefined
}

/** Something claimed in memory for a pod that goes to a node. */
export interface Reservation {
  /** Makes it real, before the pod is bound; throws when that fails. */
  bind(signal: AbortSignal): Promise<void>
  release(): void
}

export interface Scorer {
  /** 0 (worst) to 100, or any range that `normalize` brings there. */
  score(node: NodeInfo): number
  normalize?(scores: number[], nodes: readonly NodeInfo[]): void
}

/** One concern of scheduling. Stateless between pods but for what it reads from caches. */
export interface Plugin {
  readonly name: string
  /** How much its scores count. */
  readonly weight?: number
  /** Keeps a pod out of the queue altogether. */
  gate?(pod: PodInfo): Rejection | undefined
  /** Begins a cycle: a rejection for all nodes, what to check per node, or nothing when this pod is none of its business. */
  prepare?(pod: PodInfo): Rejection | Filter | undefined
  /** Begins the comparison of the nodes that passed; there are at least two. */
  prepareScore?(pod: PodInfo, nodes: readonly NodeInfo[]): Scorer | undefined
  /** Whether the event may let a pod pass that this plugin has rejected. */
  helps(event: ClusterEvent, pod: PodInfo): boolean
}

export function isRejection(result: Rejection | Filter | undefined): result is Rejection {
  return result !== undefined && 'reasons' in result
}

/** The scale from 0 to 100 by the highest score; `reverse` when low is good. */
export function normalizeByMaximum(scores: number[], reverse: boolean): void {
  const highest = Math.max(...scores)
  for (const [index, score] of scores.entries()) {
    const scaled = highest === 0 ? 0 : Math.trunc((100 * score) / highest)
    scores[index] = reverse ? 100 - scaled : highest === 0 ? score : scaled
  }
}
