import type { NodeInfo } from '../cluster/node-info.ts'
import type { PodInfo } from '../cluster/pod-info.ts'
import { type Filter, isRejection, type Plugin, type Rejection } from '../plugins/plugin.ts'
import type { Nominations } from './nominations.ts'

/** One attempt to find a node for a pod: what each plugin has to say about it. Runs without a pause, so nothing changes. */
export class Cycle {
  readonly pod: PodInfo
  /** A plugin has ruled out every node. */
  readonly rejection: Rejection | undefined
  /** The only nodes to look at, and the plugins that said so. */
  readonly nodeNames: ReadonlySet<string> | undefined
  readonly namedBy: readonly string[]
  readonly #filters: readonly { plugin: string; filter: Filter }[]
  readonly #nominations: Nominations

  constructor(pod: PodInfo, plugins: readonly Plugin[], nominations: Nominations) {
    this.pod = pod
    this.#nominations = nominations
    const filters: { plugin: string; filter: Filter }[] = []
    const namedBy: string[] = []
    let nodeNames: ReadonlySet<string> | undefined
    for (const plugin of plugins) {
      const prepared = plugin.prepare?.(pod)
      if (isRejection(prepared)) {
        this.rejection = prepared
        break
      }
      if (!prepared) continue
      filters.push({ plugin: plugin.name, filter: prepared })
      const named = prepared.nodeNames
      if (!named) continue
      namedBy.push(plugin.name)
      nodeNames = nodeNames ? new Set([...named].filter((name) => nodeNames?.has(name))) : named
    }
    this.#filters = filters
    this.nodeNames = nodeNames
    this.namedBy = namedBy
  }

  /** Whether the pod can go there: also when the pods that were promised the node, and matter as much, have come. */
  check(node: NodeInfo): Rejection | undefined {
    const promised = this.#nominations
      .on(node.name)
      .filter(
        (other) => other.priority >= this.pod.priority && other.key !== this.pod.key && !node.get(other.key),
      )
    if (promised.length > 0) {
      for (const other of promised) this.put(other, node)
      const rejection = this.#run(node)
      for (const other of promised) this.take(other, node)
      if (rejection) return rejection
    }
    return this.#run(node)
  }

  /** Pretends that a pod is on the node; {@link take} undoes it. */
  put(other: PodInfo, node: NodeInfo): void {
    node.add(other)
    for (const { filter } of this.#filters) filter.podAdded?.(other, node)
  }

  /** Pretends that a pod is not on the node; {@link put} undoes it. */
  take(other: PodInfo, node: NodeInfo): void {
    node.remove(other)
    for (const { filter } of this.#filters) filter.podRemoved?.(other, node)
  }

  reservations(
    node: NodeInfo,
  ): { plugin: string; claim: NonNullable<ReturnType<NonNullable<Filter['reserve']>>> }[] {
    return this.#filters.flatMap(({ plugin, filter }) => {
      const claim = filter.reserve?.(node)
      return claim ? [{ plugin, claim }] : []
    })
  }

  #run(node: NodeInfo): Rejection | undefined {
    for (const { filter } of this.#filters) {
      const rejection = filter.filter?.(node)
      if (rejection) return rejection
    }
    return undefined
  }
}
