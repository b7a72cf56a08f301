import type { ObjectMeta } from '../../api/kube-object.ts'
import type { ConfigMap, Secret } from '../../api/types/core-v1.ts'
import type { Client, ResourceRef } from '../../client/client.ts'
import { reflect } from '../../client/reflect.ts'
import { configMaps, secrets } from '../../client/resources.ts'
import type { Logger } from '../../log.ts'
import type { ObjectReader } from '../environment/object-reader.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { referencedObjects } from './referenced-objects.ts'

export interface ObjectCacheOptions {
  client: Client
  log: Logger
  signal: AbortSignal
  /** Something that the pod with this uid refers to has come, gone or changed. */
  onChange(uid: string): void
}

/** The first look at an object; more often means that nobody answers. */
const syncTimeoutMs = 2000

/** One watched object. */
interface Entry {
  current: (ConfigMap | Secret) | undefined
  synced: Promise<void>
  isSynced: boolean
  users: Set<string>
  stop(): void
}

/**
 * The ConfigMaps and Secrets that this node's pods refer to, each kept current by a watch of its own: a kubelet may not
 * see others, and mounted files follow their source without anybody asking again and again.
 */
export class ObjectCache implements ObjectReader {
  private readonly options: ObjectCacheOptions
  private readonly entries = new Map<string, Entry>()
  private readonly referenced = new Map<string, Set<string>>()

  constructor(options: ObjectCacheOptions) {
    this.options = options
  }

  /** Watches from now on what the pod refers to, and no longer what an earlier spec of it did. */
  register(pod: NodePod): void {
    const { uid, namespace } = pod.metadata
    const wanted = new Set<string>()
    const { configMaps: maps, secrets: hidden } = referencedObjects(pod.spec)
    for (const name of maps) wanted.add(this.use(configMaps, namespace, name, uid))
    for (const name of hidden) wanted.add(this.use(secrets, namespace, name, uid))
    for (const key of this.referenced.get(uid) ?? []) if (!wanted.has(key)) this.release(key, uid)
    this.referenced.set(uid, wanted)
  }

  unregister(uid: string): void {
    for (const key of this.referenced.get(uid) ?? []) this.release(key, uid)
    this.referenced.delete(uid)
  }

  configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return this.read<ConfigMap>(configMaps, namespace, name)
  }

  secret(namespace: string, name: string): Promise<Secret | undefined> {
    return this.read<Secret>(secrets, namespace, name)
  }

  private async read<T>(resource: ResourceRef, namespace: string, name: string): Promise<T | undefined> {
    const entry = this.entries.get(keyOf(resource, namespace, name))
    if (!entry) return undefined
    if (!entry.isSynced) await this.awaitSync(entry, resource)
    return entry.current as T | undefined
  }

  /** @throws Error when the API does not tell in time */
  private async awaitSync(entry: Entry, { resource }: ResourceRef): Promise<void> {
    const late = Promise.withResolvers<never>()
    const what = resource.replace(/s$/, '')
    const timer = setTimeout(
      () => late.reject(new Error(`failed to sync ${what} cache: timed out waiting for the condition`)),
      syncTimeoutMs,
    )
    await Promise.race([entry.synced, late.promise]).finally(() => clearTimeout(timer))
  }

  private use(resource: ResourceRef, namespace: string, name: string, uid: string): string {
    const key = keyOf(resource, namespace, name)
    let entry = this.entries.get(key)
    if (!entry) {
      entry = this.watch(resource, namespace, name)
      this.entries.set(key, entry)
    }
    entry.users.add(uid)
    return key
  }

  private release(key: string, uid: string): void {
    const entry = this.entries.get(key)
    entry?.users.delete(uid)
    if (entry?.users.size !== 0) return
    entry.stop()
    this.entries.delete(key)
  }

  private watch(resource: ResourceRef, namespace: string, name: string): Entry {
    const { client, log, signal, onChange } = this.options
    const stopping = new AbortController()
    const synced = Promise.withResolvers<void>()
    const entry: Entry = {
      current: undefined,
      synced: synced.promise,
      isSynced: false,
      users: new Set(),
      stop: () => stopping.abort(),
    }
    let first = true
    const set = (object: (ConfigMap | Secret) | undefined): void => {
      const changed = object?.metadata.resourceVersion !== entry.current?.metadata.resourceVersion
      entry.current = object
      entry.isSynced = true
      synced.resolve()
      if (!first && changed) for (const uid of entry.users) onChange(uid)
      first = false
    }
    const scope = { namespace, fieldSelector: `metadata.name=${name}` }
    void reflect<{ metadata: ObjectMeta }>(
      { client, resource, scope, log, signal: AbortSignal.any([signal, stopping.signal]) },
      { replace: ([object]) => set(object), put: set, remove: () => set(undefined) },
    )
    return entry
  }
}

function keyOf(resource: ResourceRef, namespace: string, name: string): string {
  return `${resource.resource}/${namespace}/${name}`
}
