import type { GroupVersionResource, StoredKubeObject } from '../../api/kube-object.ts'
import { lookUp, prefixOf, type StoreReader } from '../auth/store-reader.ts'

/** Resolves to the object as soon as it is there, or to undefined when it is not after `ms`. */
export function waitForObject(
  store: StoreReader,
  resource: GroupVersionResource,
  namespace: string,
  name: string,
  ms: number,
): Promise<StoredKubeObject | undefined> {
  const found = lookUp(store, resource, namespace, name)
  if (found) return Promise.resolve(found)
  return new Promise((resolve) => {
    const end = (object: StoredKubeObject | undefined): void => {
      clearTimeout(timer)
      stop()
      resolve(object)
    }
    const timer = setTimeout(() => end(undefined), ms)
    const key = `${prefixOf(resource)}${namespace}/${name}`
    // A store's keys have no end marker: the prefix may match longer names too.
    const stop = store.watch(key, store.revision, (event) => {
      if (event.key === key && event.type !== 'DELETED') end(event.object)
    })
  })
}
