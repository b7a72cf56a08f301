import type { GroupVersionResource, KubeObject, StoredKubeObject } from '../../../api/kube-object.ts'
import type { Store } from '../../../store/store.ts'
import { prefixOf } from '../store-reader.ts'

let counter = 0

/** Writes an object into a store as it is, over what is there; gives it a uid. */
export async function put(
  store: Store,
  resource: GroupVersionResource,
  object: KubeObject,
): Promise<StoredKubeObject> {
  const { namespace = '', name = '' } = object.metadata ?? {}
  const key = `${prefixOf(resource)}${namespace}/${name}`
  const existing = store.get(key)
  const uid = object.metadata?.uid ?? existing?.metadata.uid ?? `uid-${++counter}`
  const stored = { ...object, metadata: { ...object.metadata, uid } }
  return existing
    ? store.update(key, stored, Number(existing.metadata.resourceVersion))
    : store.create(key, stored)
}

/** Takes an object out of a store. */
export async function remove(
  store: Store,
  resource: GroupVersionResource,
  namespace: string,
  name: string,
): Promise<void> {
  const key = `${prefixOf(resource)}${namespace}/${name}`
  await store.delete(key, Number(store.get(key)?.metadata.resourceVersion))
}
