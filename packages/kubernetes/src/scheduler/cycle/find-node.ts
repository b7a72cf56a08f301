import type { ClusterState } from '../cluster/cluster-state.ts'
import type { NodeInfo } from '../cluster/node-info.ts'
import type { PodInfo } from '../cluster/pod-info.ts'
import type { Plugin, Rejection } from '../plugins/plugin.ts'
import type { Cycle } from './cycle.ts'
import { Diagnosis } from './diagnosis.ts'

/** With fewer nodes than this, all are looked at. */
const fewNodes = 100

/** Looks for nodes; remembers where it stopped, so that with very many nodes all get their turn. */
export class NodeFinder {
  readonly #cluster: ClusterState
  readonly #plugins: readonly Plugin[]
  #next = 0

  constructor(cluster: ClusterState, plugins: readonly Plugin[]) {
    this.#cluster = cluster
    this.#plugins = plugins
  }

  /** The best node for the cycle's pod, or why there is none. */
  find(cycle: Cycle, nominated: string | undefined): NodeInfo | Diagnosis {
    const all = this.#cluster.nodes
    const diagnosis = new Diagnosis(all.length)
    if (cycle.rejection) {
      diagnosis.rejectAll(cycle.rejection)
      return diagnosis
    }
    const promised = nominated === undefined ? undefined : this.#cluster.node(nominated)
    if (promised && (cycle.nodeNames?.has(promised.name) ?? true) && !cycle.check(promised)) return promised

    const { nodeNames } = cycle
    const candidates = nodeNames ? [...nodeNames].flatMap((name) => this.#cluster.node(name) ?? []) : all
    if (nodeNames) {
      const reason = `node(s) didn't satisfy plugin(s) [${cycle.namedBy.toSorted().join(' ')}]`
      diagnosis.rejectRest({ plugin: cycle.namedBy[0] ?? '', reasons: [reason], resolvable: false })
    }
    const feasible = this.#filter(cycle, candidates, diagnosis)
    if (feasible.length === 0) return diagnosis
    return feasible.length === 1 ? (feasible[0] as NodeInfo) : best(cycle.pod, feasible, this.#plugins)
  }

  #filter(cycle: Cycle, candidates: readonly NodeInfo[], diagnosis: Diagnosis): NodeInfo[] {
    const wanted = howMany(candidates.length)
    const feasible: NodeInfo[] = []
    const start = this.#next % Math.max(candidates.length, 1)
    let seen = 0
    for (; seen < candidates.length && feasible.length < wanted; seen++) {
      const node = candidates[(start + seen) % candidates.length] as NodeInfo
      const rejection: Rejection | undefined = cycle.check(node)
      if (rejection) diagnosis.reject(node.name, rejection)
      else feasible.push(node)
    }
    if (candidates.length > fewNodes) this.#next = start + seen
    return feasible
  }
}

/** How many nodes that fit are enough to choose from. */
function howMany(nodes: number): number {
  if (nodes < fewNodes) return nodes
  const percentage = Math.max(50 - Math.trunc(nodes / 125), 5)
  return Math.max(fewNodes, Math.trunc((nodes * percentage) / 100))
}

/** The node with the highest sum of weighted scores; one of them at random when several have it. */
function best(pod: PodInfo, nodes: readonly NodeInfo[], plugins: readonly Plugin[]): NodeInfo {
  const totals = nodes.map(() => 0)
  for (const { prepareScore, weight = 1 } of plugins) {
    const scorer = prepareScore?.(pod, nodes)
    if (!scorer) continue
    const scores = nodes.map((node) => scorer.score(node))
    scorer.normalize?.(scores, nodes)
    for (const [index, score] of scores.entries()) totals[index] = (totals[index] ?? 0) + weight * score
  }
  const highest = Math.max(...totals)
  const leaders = nodes.filter((_, index) => totals[index] === highest)
  return leaders[Math.floor(Math.random() * leaders.length)] as NodeInfo
}
