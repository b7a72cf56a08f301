import type { NodeInfo } from '../cluster/node-info.ts'

/** Numbers by topology domain: by label key, then by the value that a node has for it. Zeroes are not kept. */
export class TopologyCounts {
  readonly #counts = new Map<string, Map<string, number>>()

  get isEmpty(): boolean {
    return this.#counts.size === 0
  }

  /** To the domain that the node is in; a node without the label is in none. */
  add({ labels }: NodeInfo, key: string, amount: number): void {
    const domain = labels[key]
    if (domain === undefined || amount === 0) return
    const ofKey = this.#counts.get(key) ?? new Map<string, number>()
    this.#counts.set(key, ofKey)
    const sum = (ofKey.get(domain) ?? 0) + amount
    if (sum !== 0) ofKey.set(domain, sum)
    else ofKey.delete(domain)
    if (ofKey.size === 0) this.#counts.delete(key)
  }

  get({ labels }: NodeInfo, key: string): number {
    const domain = labels[key]
    return domain === undefined ? 0 : (this.#counts.get(key)?.get(domain) ?? 0)
  }

  /** Whether any domain of the node has a positive number. */
  touches(node: NodeInfo): boolean {
    for (const key of this.#counts.keys()) if (this.get(node, key) > 0) return true
    return false
  }

  /** Over all domains of the node. */
  sum(node: NodeInfo): number {
    let sum = 0
    for (const key of this.#counts.keys()) sum += this.get(node, key)
    return sum
  }
}
