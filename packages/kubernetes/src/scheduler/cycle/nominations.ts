import type { PodInfo } from '../cluster/pod-info.ts'

/** Pods that were promised a node for which others have to leave first. Their room is not given to less important ones. */
export class Nominations {
  readonly #nodes = new Map<string, { node: string; info: PodInfo }>()

  nodeOf(key: string): string | undefined {
    return this.#nodes.get(key)?.node
  }

  set(info: PodInfo, node: string): void {
    this.#nodes.set(info.key, { node, info })
  }

  delete(key: string): void {
    this.#nodes.delete(key)
  }

  on(node: string): PodInfo[] {
    return [...this.#nodes.values()].filter((nomination) => nomination.node === node).map(({ info }) => info)
  }
}
