import { type AffinityTerm, matchesAll, type NamespaceLabels } from '../cluster/affinity-term.ts'
import type { NodeInfo } from '../cluster/node-info.ts'
import { type PodInfo, podInfoOf } from '../cluster/pod-info.ts'
import { type ClusterEvent, isOwnUpdate, oncePerEvent } from '../queue/cluster-event.ts'
import type { Filter, Plugin, Rejection, Scorer } from './plugin.ts'
import { TopologyCounts } from './topology-counts.ts'

const name = 'InterPodAffinity'
const affinityUnmet: Rejection = {
  plugin: name,
  reasons: ["node(s) didn't match pod affinity rules"],
  resolvable: false,
}
const antiAffinityUnmet: Rejection = {
  plugin: name,
  reasons: ["node(s) didn't match pod anti-affinity rules"],
  resolvable: true,
}
const existingAntiAffinityUnmet: Rejection = {
  plugin: name,
  reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"],
  resolvable: true,
}
/** What a required term of a pod that runs already counts when it would like the new one. */
const hardAffinityWeight = 1

export interface InterPodAffinityOptions {
  nodes: () => readonly NodeInfo[]
  namespaceLabels: NamespaceLabels
}

/** Near some pods and away from others; the wishes of the pods that are there already count too. */
export function interPodAffinity({ nodes, namespaceLabels }: InterPodAffinityOptions): Plugin {
  return {
    name,
    weight: 2,
    prepare: (pod) => prepare(pod, nodes(), namespaceLabels),
    prepareScore: (pod) => prepareScore(pod, nodes(), namespaceLabels),
    helps: (event, pod) => helps(event, pod, namespaceLabels),
  }
}

function prepare(
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  namespaceLabels: NamespaceLabels,
): Filter | undefined {
  const { required, requiredAnti } = pod.affinity
  const wanted = new TopologyCounts()
  const unwanted = new TopologyCounts()
  /** Where pods are that do not want this one. */
  const unwelcome = new TopologyCounts()

  function count(other: PodInfo, node: NodeInfo, sign: number): void {
    for (const term of other.affinity.requiredAnti) {
      if (term.matches(pod.pod, namespaceLabels)) unwelcome.add(node, term.topologyKey, sign)
    }
    if (matchesAll(required, other.pod, namespaceLabels)) {
      for (const term of required) wanted.add(node, term.topologyKey, sign)
    }
    for (const term of requiredAnti) {
      if (term.matches(other.pod, namespaceLabels)) unwanted.add(node, term.topologyKey, sign)
    }
  }

  const looksAtAll = required.length + requiredAnti.length > 0
  for (const node of nodes) {
    if (!looksAtAll && !node.hasRequiredAntiAffinity) continue
    for (const other of node.pods) count(other, node, 1)
  }
  if (!looksAtAll && unwelcome.isEmpty) return undefined

  function affinityMet(node: NodeInfo): boolean {
    if (required.some(({ topologyKey }) => node.labels[topologyKey] === undefined)) return false
    if (required.every(({ topologyKey }) => wanted.get(node, topologyKey) > 0)) return true
    // The first of a group that wants to be together may go anywhere.
    return wanted.isEmpty && matchesAll(required, pod.pod, namespaceLabels)
  }

  return {
    filter(node) {
      if (!affinityMet(node)) return affinityUnmet
      if (requiredAnti.some(({ topologyKey }) => unwanted.get(node, topologyKey) > 0))
        return antiAffinityUnmet
      return unwelcome.touches(node) ? existingAntiAffinityUnmet : undefined
    },
    podAdded: (other, node) => count(other, node, 1),
    podRemoved: (other, node) => count(other, node, -1),
  }
}

function prepareScore(
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  namespaceLabels: NamespaceLabels,
): Scorer | undefined {
  const { preferred, preferredAnti } = pod.affinity
  const hasWishes = preferred.length + preferredAnti.length > 0
  const points = new TopologyCounts()
  const award = (terms: readonly AffinityTerm[], about: PodInfo, node: NodeInfo, factor: number): void => {
    for (const term of terms) {
      if (term.matches(about.pod, namespaceLabels)) points.add(node, term.topologyKey, factor * term.weight)
    }
  }
  for (const node of nodes) {
    if (!hasWishes && !node.hasAffinity) continue
    for (const other of node.pods) {
      award(preferred, other, node, 1)
      award(preferredAnti, other, node, -1)
      award(other.affinity.required, pod, node, hardAffinityWeight)
      award(other.affinity.preferred, pod, node, 1)
      award(other.affinity.preferredAnti, pod, node, -1)
    }
  }
  if (points.isEmpty) return undefined
  return {
    score: (node) => points.sum(node),
    normalize(scores) {
      const least = Math.min(...scores)
      const span = Math.max(...scores) - least
      for (const [index, score] of scores.entries()) {
        scores[index] = span > 0 ? Math.trunc((100 * (score - least)) / span) : 0
      }
    },
  }
}

function helps(event: ClusterEvent, pod: PodInfo, namespaceLabels: NamespaceLabels): boolean {
  if (isOwnUpdate(event, pod.pod)) return true
  const { required, requiredAnti } = pod.affinity
  if (event.kind === 'Node') return event.current !== undefined
  if (event.kind === 'Namespace') return event.current !== undefined
  if (event.kind !== 'AssignedPod') return false
  // A pod to be near to has come, or one to keep away from, or that wanted to be kept away from, has gone.
  const wanted = (other: PodInfo) => matchesAll(required, other.pod, namespaceLabels)
  const inTheWay = (other: PodInfo) =>
    requiredAnti.some((term) => term.matches(other.pod, namespaceLabels)) ||
    other.affinity.requiredAnti.some((term) => term.matches(pod.pod, namespaceLabels))
  const { before, after } = infos(event)
  if (after && wanted(after) && !(before && wanted(before))) return true
  return before !== undefined && inTheWay(before) && !(after && inTheWay(after))
}

const infos = oncePerEvent((event): { before?: PodInfo; after?: PodInfo } => {
  if (event.kind !== 'AssignedPod') return {}
  return {
    ...(event.old && { before: podInfoOf(event.old) }),
    ...(event.current && { after: podInfoOf(event.current) }),
  }
})
