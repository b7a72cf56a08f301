import type { Rejection } from '../plugins/plugin.ts'

/** Why a pod found no node, in the words that `kubectl describe` shows. */
export class Diagnosis {
  readonly #nodeCount: number
  readonly #rejections = new Map<string, Rejection>()
  #all: Rejection | undefined
  #rest: Rejection | undefined
  /** What came of the attempt to make room. */
  preemption = ''

  constructor(nodeCount: number) {
    this.#nodeCount = nodeCount
  }

  reject(node: string, rejection: Rejection): void {
    this.#rejections.set(node, rejection)
  }

  /** Every node, whatever it is like. */
  rejectAll(rejection: Rejection): void {
    this.#all = rejection
  }

  /** The nodes that were not looked at one by one. */
  rejectRest(rejection: Rejection): void {
    this.#rest = rejection
  }

  of(node: string): Rejection | undefined {
    return this.#all ?? this.#rejections.get(node) ?? this.#rest
  }

  /** Names of the plugins that said no. */
  get plugins(): Set<string> {
    if (this.#all) return new Set([this.#all.plugin])
    const names = new Set([...this.#rejections.values()].map(({ plugin }) => plugin))
    if (this.#rest && this.#rejections.size < this.#nodeCount) names.add(this.#rest.plugin)
    return names
  }

  /** `0/2 nodes are available: 1 Insufficient cpu, 1 Too many pods. preemption: …` */
  get message(): string {
    const text = `${nodesAvailable(this.#nodeCount)} ${this.#reasons()}`.trimEnd()
    return this.preemption ? `${text} preemption: ${this.preemption}` : text
  }

  #reasons(): string {
    if (this.#all) return `${this.#all.reasons.join(', ')}.`
    const counts = new Map<string, number>()
    const count = (reason: string, times: number) => counts.set(reason, (counts.get(reason) ?? 0) + times)
    for (const { reasons } of this.#rejections.values()) for (const reason of reasons) count(reason, 1)
    const unseen = this.#nodeCount - this.#rejections.size
    if (unseen > 0) for (const reason of this.#rest?.reasons ?? []) count(reason, unseen)
    const list = [...counts].map(([reason, times]) => `${times} ${reason}`).sort()
    return list.length > 0 ? `${list.join(', ')}.` : ''
  }
}

function nodesAvailable(nodeCount: number): string {
  return `0/${nodeCount} nodes are available:`
}
