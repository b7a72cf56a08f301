import type { GroupVersionResource, StoredKubeObject } from '../../api/kube-object.ts'
import type { Store } from '../../store/store.ts'

/**
 * The part of the store that authentication, authorization and admission look things up in: committed objects, read
 * synchronously, in their storage version.
 */
export type StoreReader = Pick<Store, 'get' | 'list' | 'watch' | 'revision'>

type GroupResource = Pick<GroupVersionResource, 'group' | 'resource'>

/** One object; `namespace` is '' for cluster-scoped resources. */
export function lookUp<T = StoredKubeObject>(
  store: StoreReader,
  resource: GroupResource,
  namespace: string,
  name: string,
): T | undefined {
  return store.get(`${prefixOf(resource)}${namespace}/${name}`) as T | undefined
}

/** All objects, or those of one namespace. */
export function lookUpAll<T = StoredKubeObject>(
  store: StoreReader,
  resource: GroupResource,
  namespace?: string,
): T[] {
  const prefix = prefixOf(resource)
  return store.list(namespace === undefined ? prefix : `${prefix}${namespace}/`).items as T[]
}

/** What all keys of a resource start with; see {@link Store}. */
export function prefixOf({ group, resource }: GroupResource): string {
  return `${group || 'core'}/${resource}/`
}

/**
 * Tells `listener` of every object of a resource now and of every change from now on. `current` is absent after a
 * deletion. Returns what ends it.
 */
export function follow<T = StoredKubeObject>(
  store: StoreReader,
  resource: GroupResource,
  listener: (change: { key: string; current?: T; previous?: T }) => void,
): () => void {
  const prefix = prefixOf(resource)
  const page = store.list(prefix)
  for (const item of page.items) {
    const key = `${prefix}${item.metadata.namespace ?? ''}/${item.metadata.name}`
    listener({ key, current: item as T })
  }
  return store.watch(prefix, page.revision, (event) => {
    const object = event.object as T
    const previous = event.previous as T | undefined
    listener(
      event.type === 'DELETED'
        ? { key: event.key, previous: object }
        : { key: event.key, current: object, previous },
    )
  })
}
