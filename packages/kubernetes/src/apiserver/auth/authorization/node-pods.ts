import { pods } from '../../../client/resources.ts'
import { follow, lookUp, type StoreReader } from '../store-reader.ts'
import type { PodWithReferences } from './pod-references.ts'

/** Which pods are on which node, kept current from the store. */
export class NodePods {
  readonly #store: StoreReader
  /** Node → `namespace/name` of its pods. */
  readonly #pods = new Map<string, Set<string>>()
  readonly close: () => void

  constructor(store: StoreReader) {
    this.#store = store
    this.close = follow<PodWithReferences>(store, pods, ({ current, previous }) => {
      const { namespace, name } = (current ?? previous)!.metadata
      const key = `${namespace}/${name}`
      const before = previous?.spec.nodeName
      const after = current?.spec.nodeName
      if (before === after && previous) return
      if (before) this.#remove(before, key)
      if (after) this.#add(after, key)
    })
  }

  /** Pods of one namespace on a node. */
  *on(node: string, namespace: string): Iterable<PodWithReferences> {
    for (const key of this.#pods.get(node) ?? []) {
      if (!key.startsWith(`${namespace}/`)) continue
      const pod = lookUp<PodWithReferences>(this.#store, pods, namespace, key.slice(namespace.length + 1))
      if (pod) yield pod
    }
  }

  #add(node: string, key: string): void {
    const keys = this.#pods.get(node)
    if (keys) keys.add(key)
    else this.#pods.set(node, new Set([key]))
  }

  #remove(node: string, key: string): void {
    const keys = this.#pods.get(node)
    keys?.delete(key)
    if (keys?.size === 0) this.#pods.delete(node)
  }
}
