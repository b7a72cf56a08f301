import type { Node, Pod } from '../../api/types/core-v1.ts'
import { isPodTerminal } from '../../client/pod-state.ts'
import { NodeInfo } from './node-info.ts'
import { type PodInfo, podInfoOf } from './pod-info.ts'

/**
 * The nodes with the pods on them, as the scheduler sees them: what is bound, and what it has decided and the API server
 * does not say yet (assumed). A pod may be known before its node is.
 */
export class ClusterState {
  readonly #nodes = new Map<string, NodeInfo>()
  /** Pods of nodes that are not known (yet, or any more), by node name. */
  readonly #strays = new Map<string, Map<string, PodInfo>>()
  /** Where each pod counts, by pod key. */
  readonly #places = new Map<string, { node: string; info: PodInfo; assumed: boolean }>()
  #list: readonly NodeInfo[] | undefined

  /** All nodes, zone by zone in turn so that a search that ends early has seen every zone. */
  get nodes(): readonly NodeInfo[] {
    this.#list ??= interleaveZones([...this.#nodes.values()])
    return this.#list
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name)
  }

  setNode(node: Node): void {
    const name = node.metadata.name ?? ''
    const known = this.#nodes.get(name)
    if (known) {
      const zone = zoneOf(known)
      known.setNode(node)
      if (zoneOf(known) !== zone) this.#list = undefined
      return
    }
    const info = new NodeInfo(node)
    for (const pod of this.#strays.get(name)?.values() ?? []) info.add(pod)
    this.#strays.delete(name)
    this.#nodes.set(name, info)
    this.#list = undefined
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name)
    if (!info) return
    this.#nodes.delete(name)
    this.#list = undefined
    if (info.podCount > 0) this.#strays.set(name, new Map([...info.pods].map((pod) => [pod.key, pod])))
  }

  /** What the API server says of a pod; one that has finished, or has no node and is not assumed, counts nowhere. */
  setPod(pod: Pod): void {
    const info = podInfoOf(pod)
    const place = this.#places.get(info.key)
    const node = pod.spec?.nodeName
    if (!node) {
      // Its binding is under way: what was assumed stays, unless it is another pod of that name.
      if (place?.assumed && place.info.pod.metadata.uid === pod.metadata.uid) return
      if (place) this.#remove(info.key)
      return
    }
    if (place) this.#remove(info.key)
    if (!isPodTerminal(pod)) this.#put(info, node, false)
  }

  removePod(key: string): void {
    this.#remove(key)
  }

  /** Counts a pod on a node before its binding is written. */
  assume(info: PodInfo, node: string): void {
    this.#remove(info.key)
    this.#put(info, node, true)
  }

  /** Takes an assumption back; does nothing once the API server has confirmed it. */
  forget(info: PodInfo): void {
    if (this.isAssumed(info.key)) this.#remove(info.key)
  }

  isAssumed(key: string): boolean {
    return this.#places.get(key)?.assumed ?? false
  }

  #put(info: PodInfo, node: string, assumed: boolean): void {
    this.#places.set(info.key, { node, info, assumed })
    const known = this.#nodes.get(node)
    if (known) {
      known.add(info)
      return
    }
    const strays = this.#strays.get(node)
    if (strays) strays.set(info.key, info)
    else this.#strays.set(node, new Map([[info.key, info]]))
  }

  #remove(key: string): void {
    const place = this.#places.get(key)
    if (!place) return
    this.#places.delete(key)
    this.#nodes.get(place.node)?.remove(place.info)
    const strays = this.#strays.get(place.node)
    strays?.delete(key)
    if (strays?.size === 0) this.#strays.delete(place.node)
  }
}

function zoneOf({ labels }: NodeInfo): string {
  return `${labels['topology.kubernetes.io/region'] ?? ''}:${labels['topology.kubernetes.io/zone'] ?? ''}`
}

function interleaveZones(nodes: NodeInfo[]): NodeInfo[] {
  const zones = [...Map.groupBy(nodes, zoneOf).values()]
  if (zones.length <= 1) return nodes
  const longest = Math.max(...zones.map(({ length }) => length))
  return Array.from({ length: longest }, (_, turn) => zones.flatMap((zone) => zone[turn] ?? [])).flat()
}
