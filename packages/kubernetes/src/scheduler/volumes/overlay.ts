import type { ObjectMeta } from '../../api/kube-object.ts'
import { type Informer, keyOf } from '../../client/informer.ts'

/**
 * An informer's cache with the scheduler's own pending changes on top. A pending change goes when the cache has caught up
 * with it or moved beyond.
 */
export class Overlay<T extends { metadata: ObjectMeta }> {
  readonly #informer: Informer<T>
  readonly #pending = new Map<string, T>()

  constructor(informer: Informer<T>) {
    this.#informer = informer
    informer.listen(({ current, old }) => {
      const key = keyOf(current ?? (old as T))
      const pending = this.#pending.get(key)
      if (!pending) return
      if (!current || versionOf(current) > versionOf(pending)) this.#pending.delete(key)
    })
  }

  get(namespace: string, name: string): T | undefined {
    return this.#pending.get(namespace ? `${namespace}/${name}` : name) ?? this.#informer.get(namespace, name)
  }

  list(): T[] {
    return this.#informer.list().map((object) => this.#pending.get(keyOf(object)) ?? object)
  }

  assume(object: T): void {
    this.#pending.set(keyOf(object), object)
  }

  /** Forgets what was assumed; a later assumption of somebody else stays. */
  restore(object: T): void {
    const key = keyOf(object)
    if (this.#pending.get(key) === object) this.#pending.delete(key)
  }
}

function versionOf({ metadata }: { metadata: ObjectMeta }): number {
  return Number(metadata.resourceVersion ?? 0)
}
