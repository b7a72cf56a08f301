import type { ObjectMeta } from '../api/kube-object.ts'
import type { Informer, InformerListener } from './informer.ts'
import { type ReflectOptions, reflect } from './reflect.ts'

interface Index<T> {
  keysOf: (object: T) => string[]
  objects: Map<string, Set<T>>
}

/**
 * Starts an informer, which runs until `options.signal` aborts. A listener that throws is logged and does not keep the
 * others from hearing. An object that was deleted and made again under the same name during a gap is delivered as a
 * deletion and a creation.
 */
export function createInformer<T extends { metadata: ObjectMeta }>(options: ReflectOptions): Informer<T> {
  const { log, resource } = options
  /** By namespace, then name. */
  const cache = new Map<string, Map<string, T>>()
  const indexes = new Map<string, Index<T>>()
  const listeners = new Set<InformerListener<T>>()
  const { promise: synced, resolve: markSynced } = Promise.withResolvers<void>()

  function tell(listener: InformerListener<T>, change: { current?: T; old?: T }): void {
    try {
      listener(change)
    } catch (error) {
      log.error('informer listener failed', { resource: resource.resource, error })
    }
  }

  function announce(change: { current?: T; old?: T }): void {
    for (const listener of listeners) tell(listener, change)
  }

  function enter(index: Index<T>, object: T): void {
    for (const key of index.keysOf(object)) {
      const objects = index.objects.get(key)
      if (objects) objects.add(object)
      else index.objects.set(key, new Set([object]))
    }
  }

  function leave(index: Index<T>, object: T): void {
    for (const key of index.keysOf(object)) {
      const objects = index.objects.get(key)
      objects?.delete(object)
      if (objects?.size === 0) index.objects.delete(key)
    }
  }

  function get(namespace: string, name: string): T | undefined {
    return cache.get(namespace)?.get(name)
  }

  function put(object: T): void {
    const { namespace = '', name = '', uid, resourceVersion } = object.metadata
    let old = get(namespace, name)
    if (old && old.metadata.uid !== uid) {
      remove(old)
      old = undefined
    }
    if (old && old.metadata.resourceVersion === resourceVersion) return
    const inNamespace = cache.get(namespace)
    if (inNamespace) inNamespace.set(name, object)
    else cache.set(namespace, new Map([[name, object]]))
    for (const index of indexes.values()) {
      if (old) leave(index, old)
      enter(index, object)
    }
    announce(old ? { current: object, old } : { current: object })
  }

  function remove(object: T): void {
    const { namespace = '', name = '' } = object.metadata
    const inNamespace = cache.get(namespace)
    const cached = inNamespace?.get(name)
    if (!inNamespace || !cached) return
    inNamespace.delete(name)
    if (inNamespace.size === 0) cache.delete(namespace)
    for (const index of indexes.values()) leave(index, cached)
    announce({ old: object })
  }

  function replace(objects: T[]): void {
    const kept = new Set(objects.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`))
    for (const object of list()) {
      if (!kept.has(`${object.metadata.namespace ?? ''}/${object.metadata.name}`)) remove(object)
    }
    for (const object of objects) put(object)
    markSynced()
  }

  function list(namespace?: string): T[] {
    if (namespace !== undefined) return [...(cache.get(namespace)?.values() ?? [])]
    return [...cache.values()].flatMap((inNamespace) => [...inNamespace.values()])
  }

  void reflect<T>(options, { replace, put, remove })

  return {
    get,
    list,
    byIndex: (index, value) => [...(indexes.get(index)?.objects.get(value) ?? [])],
    addIndex(name, keysOf) {
      if (indexes.has(name)) return
      const index: Index<T> = { keysOf, objects: new Map() }
      indexes.set(name, index)
      for (const object of list()) enter(index, object)
    },
    listen(listener) {
      // Each call is a listener of its own, even of the same function.
      const own: InformerListener<T> = (change) => listener(change)
      listeners.add(own)
      for (const current of list()) tell(own, { current })
      return () => {
        listeners.delete(own)
      }
    },
    synced,
  }
}
