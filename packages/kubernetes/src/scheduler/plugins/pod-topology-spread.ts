import { deepEqual } from '../../api/json.ts'
import { requiredNodeMatcher } from '../../api/scheduling/node-affinity.ts'
import type { Node } from '../../api/types/core-v1.ts'
import type { NodeInfo } from '../cluster/node-info.ts'
import type { PodInfo } from '../cluster/pod-info.ts'
import { type ClusterEvent, isOwnUpdate } from '../queue/cluster-event.ts'
import type { Filter, Plugin, Rejection, Scorer } from './plugin.ts'
import {
  constraintsOf,
  countMatching,
  countsIn,
  type DefaultSelector,
  defaultConstraints,
  type SpreadConstraint,
} from './spread-constraint.ts'

const name = 'PodTopologySpread'
const tooUneven: Rejection = {
  plugin: name,
  reasons: ["node(s) didn't match pod topology spread constraints"],
  resolvable: true,
}
const noDomain: Rejection = {
  plugin: name,
  reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
  resolvable: false,
}
const hostname = 'kubernetes.io/hostname'

export interface PodTopologySpreadOptions {
  nodes: () => readonly NodeInfo[]
  defaultSelector: DefaultSelector
}

/** Spreads pods of a kind over domains; without constraints of its own, a pod is spread over hosts and zones by score. */
export function podTopologySpread({ nodes, defaultSelector }: PodTopologySpreadOptions): Plugin {
  return {
    name,
    weight: 2,
    prepare: (pod) => prepare(pod, nodes()),
    prepareScore: (pod, candidates) => prepareScore(pod, candidates, nodes(), defaultSelector),
    helps,
  }
}

function prepare(pod: PodInfo, nodes: readonly NodeInfo[]): Filter | undefined {
  const constraints = constraintsOf(pod.pod, 'DoNotSchedule')
  if (constraints.length === 0) return undefined
  const fitsNode = requiredNodeMatcher(pod.pod)
  const counts = constraints.map(() => new Map<string, number>())

  const countsNode = (constraint: SpreadConstraint, node: NodeInfo) =>
    hasAllLabels(constraints, node) && countsIn(constraint, pod.pod, node.node, fitsNode)
  const add = (index: number, { labels }: NodeInfo, amount: number) => {
    const domain = labels[constraints[index]?.topologyKey ?? ''] ?? ''
    counts[index]?.set(domain, (counts[index].get(domain) ?? 0) + amount)
  }
  for (const node of nodes) {
    for (const [index, constraint] of constraints.entries()) {
      if (countsNode(constraint, node)) add(index, node, countMatching(node, constraint, pod.namespace))
    }
  }

  function change(other: PodInfo, node: NodeInfo, sign: number): void {
    if (other.namespace !== pod.namespace) return
    for (const [index, constraint] of constraints.entries()) {
      if (constraint.matches(other.labels) && countsNode(constraint, node)) add(index, node, sign)
    }
  }

  return {
    filter({ labels }) {
      for (const [index, constraint] of constraints.entries()) {
        const domain = labels[constraint.topologyKey]
        if (domain === undefined) return noDomain
        const ofDomains = counts[index] ?? new Map<string, number>()
        // Fewer domains than wanted: the missing ones count as empty.
        const enough = ofDomains.size >= constraint.minDomains
        const least = enough ? Math.min(...ofDomains.values()) : 0
        const own = constraint.matches(pod.labels) ? 1 : 0
        if ((ofDomains.get(domain) ?? 0) + own - least > constraint.maxSkew) return tooUneven
      }
      return undefined
    },
    podAdded: (other, node) => change(other, node, 1),
    podRemoved: (other, node) => change(other, node, -1),
  }
}

function prepareScore(
  pod: PodInfo,
  candidates: readonly NodeInfo[],
  nodes: readonly NodeInfo[],
  defaultSelector: DefaultSelector,
): Scorer | undefined {
  const own = (pod.pod.spec?.topologySpreadConstraints ?? []).length > 0
  const constraints = own
    ? constraintsOf(pod.pod, 'ScheduleAnyway')
    : defaultConstraints(pod.pod, defaultSelector)
  if (constraints.length === 0) return undefined
  const fitsNode = requiredNodeMatcher(pod.pod)
  // The default constraints do not mind nodes without a zone.
  const ignored = new Set(own ? candidates.filter((node) => !hasAllLabels(constraints, node)) : [])

  const tallies = constraints.map((constraint) => {
    const perHost = constraint.topologyKey === hostname
    const domains = new Map<string, number>()
    if (perHost)
      return { constraint, perHost, domains, weight: Math.log(candidates.length - ignored.size + 2) }
    for (const node of candidates) {
      if (!ignored.has(node)) domains.set(node.labels[constraint.topologyKey] ?? '', 0)
    }
    for (const node of nodes) {
      const domain = node.labels[constraint.topologyKey] ?? ''
      const known = domains.get(domain)
      if (known === undefined || (own && !hasAllLabels(constraints, node))) continue
      if (!countsIn(constraint, pod.pod, node.node, fitsNode)) continue
      domains.set(domain, known + countMatching(node, constraint, pod.namespace))
    }
    return { constraint, perHost, domains, weight: Math.log(domains.size + 2) }
  })

  return {
    score(node) {
      if (ignored.has(node)) return 0
      let sum = 0
      for (const { constraint, perHost, domains, weight } of tallies) {
        const domain = node.labels[constraint.topologyKey]
        if (domain === undefined) continue
        const count = perHost ? countMatching(node, constraint, pod.namespace) : (domains.get(domain) ?? 0)
        sum += count * weight + (constraint.maxSkew - 1)
      }
      return Math.round(sum)
    },
    normalize(scores, of) {
      const counted = scores.filter((_, index) => !ignored.has(of[index] as NodeInfo))
      const least = Math.min(...counted)
      const most = Math.max(0, ...counted)
      for (const [index, score] of scores.entries()) {
        if (ignored.has(of[index] as NodeInfo)) scores[index] = 0
        else scores[index] = most === 0 ? 100 : Math.trunc((100 * (most + least - score)) / most)
      }
    },
  }
}

function hasAllLabels(constraints: readonly SpreadConstraint[], { labels }: NodeInfo): boolean {
  return constraints.every(({ topologyKey }) => labels[topologyKey] !== undefined)
}

function helps(event: ClusterEvent, pod: PodInfo): boolean {
  if (isOwnUpdate(event, pod.pod)) return true
  const constraints = constraintsOf(pod.pod, 'DoNotSchedule')
  if (event.kind === 'AssignedPod') {
    const { old, current } = event
    if ((current ?? old)?.metadata.namespace !== pod.namespace) return false
    const counted = (labels: Record<string, string> | undefined) =>
      constraints.some(({ matches }) => matches(labels))
    if (!old || !current) return counted((current ?? old)?.metadata.labels)
    return !deepEqual(old.metadata.labels, current.metadata.labels)
      ? counted(old.metadata.labels) || counted(current.metadata.labels)
      : old.metadata.deletionTimestamp !== current.metadata.deletionTimestamp
  }
  if (event.kind !== 'Node') return false
  const inDomains = (node: Node | undefined) =>
    node !== undefined &&
    constraints.every(({ topologyKey }) => node.metadata.labels?.[topologyKey] !== undefined)
  return inDomains(event.old) || inDomains(event.current)
}
