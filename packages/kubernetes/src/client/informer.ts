import type { ObjectMeta } from '../api/kube-object.ts'

/** `old` is absent on the first sight of an object, `current` absent after its deletion (then `old` is the last state). */
export type InformerListener<T> = (change: { current?: T; old?: T }) => void

/**
 * A cache of one resource kept current by list + watch. Listeners run synchronously after the cache has changed; they
 * enqueue keys and return. A relist after a gap delivers only real differences.
 */
export interface Informer<T extends { metadata: ObjectMeta }> {
  /** `namespace` is '' for cluster-scoped objects. */
  get(namespace: string, name: string): T | undefined
  /** Of one namespace, or all. A fresh array of shared objects. */
  list(namespace?: string): T[]
  /** Objects for which the index function of that name gave `value`. */
  byIndex(index: string, value: string): T[]
  /** Adding the same name twice is harmless; must be called before or after start. */
  addIndex(index: string, keysOf: (object: T) => string[]): void
  /** Calls back at once for what is cached already. Returns what removes the listener. */
  listen(listener: InformerListener<T>): () => void
  /** Resolves when the first list is in the cache. */
  readonly synced: Promise<void>
}

/** `namespace/name`, or `name` for cluster-scoped objects: the key of caches and queues. */
export function keyOf(object: { metadata?: ObjectMeta }): string {
  const { namespace, name } = object.metadata ?? {}
  return namespace ? `${namespace}/${name}` : `${name}`
}

export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/')
  return slash < 0
    ? { namespace: '', name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
