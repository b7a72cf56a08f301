import type { DaemonSet } from '../../api/types/apps-v1.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import { isPodAvailable, isPodReady } from '../../client/pod-state.ts'
import { byPlacementAndAge, fitsNode, hashLabel, updateLimits } from './daemon-pods.ts'

/** What has to happen: nodes that need a pod, pods that have to go. */
export interface DaemonChanges {
  create: string[]
  delete: Pod[]
}

/** The set's pods by the node that they are on or meant for. */
export type PodsByNode = Map<string, Pod[]>

export interface NodeChangeOptions {
  set: DaemonSet
  hash: string
  now: number
  /** May a failed pod be replaced now? Called once for each. */
  mayReplaceFailed(pod: Pod, node: string): boolean
  onSucceeded(pod: Pod, node: string): void
}

/** What one node lacks, or has too much. */
export function changesOnNode(
  node: Node,
  pods: Pod[] | undefined,
  options: NodeChangeOptions,
): DaemonChanges {
  const { set, hash, now, mayReplaceFailed, onSucceeded } = options
  const name = node.metadata.name ?? ''
  const { run, keep } = fitsNode(set, node)
  const changes: DaemonChanges = { create: [], delete: [] }
  if (!pods) {
    if (run) changes.create.push(name)
    return changes
  }
  const alive = pods.filter(({ metadata }) => !metadata.deletionTimestamp)
  if (!keep) {
    changes.delete.push(...alive)
    return changes
  }
  const running: Pod[] = []
  for (const pod of alive) {
    const phase = pod.status?.phase
    if (phase === 'Failed') {
      if (mayReplaceFailed(pod, name)) changes.delete.push(pod)
    } else if (phase === 'Succeeded') {
      onSucceeded(pod, name)
      changes.delete.push(pod)
    } else running.push(pod)
  }
  running.sort(byPlacementAndAge)
  if (updateLimits(set, 1).surge === 0) {
    changes.delete.push(...running.slice(1))
    return changes
  }
  if (running.length === 0 && run) changes.create.push(name)
  if (running.length <= 1) return changes
  // While surging, one pod of the new and one of an old revision may be side by side.
  const isNew = ({ metadata }: Pod): boolean => metadata.labels?.[hashLabel] === hash
  const newest = running.find(isNew)
  const oldest = running.find((pod) => !isNew(pod))
  changes.delete.push(...running.filter((pod) => pod !== newest && pod !== oldest))
  if (newest && oldest) {
    const replaced = isPodAvailable(newest, set.spec?.minReadySeconds ?? 0, now)
    if (!isPodReady(oldest) || replaced) changes.delete.push(oldest)
  }
  return changes
}

/** Pods that wait for nodes that are gone. */
export function strandedPods(nodes: Node[], podsByNode: PodsByNode): Pod[] {
  const known = new Set(nodes.map(({ metadata }) => metadata.name))
  return [...podsByNode].flatMap(([node, pods]) =>
    known.has(node) ? [] : pods.filter(({ spec }) => !spec?.nodeName),
  )
}
