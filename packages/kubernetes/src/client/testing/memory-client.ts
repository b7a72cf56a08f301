import { ApiError } from '../../api/api-error.ts'
import { cloneJson } from '../../api/json.ts'
import type { KubeObject, ObjectMeta } from '../../api/kube-object.ts'
import { applyMergePatch } from '../../api/patch/merge-patch.ts'
import { applyStrategicMergePatch } from '../../api/patch/strategic-merge-patch.ts'
import { schemaOf } from '../../api/schema/schemas.ts'
import type { Client, ResourceRef, WatchEvent } from '../client.ts'

type Stored = KubeObject & { metadata: ObjectMeta }

/**
 * As much of an API server as components need in their own tests: versions, conflicts, watches, patches and bindings, but
 * no validation, defaulting or admission. Objects are there as they are put.
 */
export class MemoryClient implements Client {
  readonly #objects = new Map<string, Map<string, Stored>>()
  readonly #watchers = new Set<(resource: string, event: WatchEvent<Stored>) => void>()
  /** Everything that was written, for those who count: `create pods`, `patch pods/status` … */
  readonly writes: string[] = []
  #version = 0

  /** Puts an object there, new or in place of an old one, without counting as a write. */
  put<T extends { metadata: ObjectMeta }>(resource: ResourceRef, object: T): T {
    const existing = this.#all(resource).get(nameOf(object.metadata))
    return this.#store(resource, object as unknown as Stored, existing) as unknown as T
  }

  remove(resource: ResourceRef, namespace: string, name: string): void {
    const key = `${namespace}/${name}`
    const object = this.#all(resource).get(key)
    if (!object) return
    this.#all(resource).delete(key)
    const gone = { ...object, metadata: { ...object.metadata, resourceVersion: `${++this.#version}` } }
    this.#tell(resource, { type: 'DELETED', object: gone })
  }

  async get<T = KubeObject>(resource: ResourceRef, namespace: string | undefined, name: string): Promise<T> {
    return this.#find(resource, namespace, name) as unknown as T
  }

  async list<T = KubeObject>(resource: ResourceRef) {
    const items = [...this.#all(resource).values()] as unknown as T[]
    return { metadata: { resourceVersion: `${this.#version}` }, items }
  }

  async create<T extends object = KubeObject>(
    resource: ResourceRef,
    namespace: string | undefined,
    object: T,
    options: { subresource?: string; name?: string } = {},
  ): Promise<T> {
    this.#wrote('create', resource, options.subresource)
    const given = object as unknown as Stored
    if (options.subresource === 'binding') {
      const pod = cloneJson(this.#find(resource, namespace, options.name ?? ''))
      const { target } = object as unknown as { target: { name: string } }
      const spec = pod.spec as { nodeName?: string }
      if (spec.nodeName)
        throw ApiError.conflict('', 'pods', options.name ?? '', 'pod is already assigned to node')
      spec.nodeName = target.name
      this.#store(resource, pod, pod)
      return object
    }
    const metadata = { ...given.metadata, ...(namespace !== undefined && { namespace }) }
    if (this.#all(resource).has(nameOf(metadata))) {
      throw ApiError.alreadyExists(resource.group, resource.resource, metadata.name ?? '')
    }
    return this.#store(resource, { ...given, metadata }, undefined) as unknown as T
  }

  async update<T extends object = KubeObject>(
    resource: ResourceRef,
    object: T,
    options: { subresource?: string } = {},
  ): Promise<T> {
    this.#wrote('update', resource, options.subresource)
    const given = object as unknown as Stored
    const { namespace, name = '', resourceVersion } = given.metadata
    const existing = this.#find(resource, namespace, name)
    if (resourceVersion !== undefined && resourceVersion !== existing.metadata.resourceVersion) {
      throw ApiError.conflict(resource.group, resource.resource, name, 'the object has been modified')
    }
    return this.#store(resource, given, existing) as unknown as T
  }

  async patch<T = KubeObject>(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    type: string,
    patch: unknown,
    options: { subresource?: string } = {},
  ): Promise<T> {
    this.#wrote('patch', resource, options.subresource)
    const existing = this.#find(resource, namespace, name)
    const patched =
      type === 'strategic'
        ? applyStrategicMergePatch(
            existing,
            patch,
            schemaOf(`io.k8s.api.core.v1.${kinds[resource.resource]}`),
          )
        : applyMergePatch(existing, patch)
    if (patched.metadata.uid !== existing.metadata.uid) {
      throw ApiError.conflict(
        resource.group,
        resource.resource,
        name,
        'precondition failed: UID in precondition',
      )
    }
    return this.#store(resource, patched, existing) as unknown as T
  }

  async delete(resource: ResourceRef, namespace: string | undefined, name: string): Promise<void> {
    this.#wrote('delete', resource)
    this.#find(resource, namespace, name)
    this.remove(resource, namespace ?? '', name)
  }

  async deleteCollection(): Promise<void> {
    throw new Error('not in this double')
  }

  async *watch<T = KubeObject>(
    resource: ResourceRef,
    { signal, resourceVersion = '0' }: { signal: AbortSignal; resourceVersion?: string },
  ): AsyncIterable<WatchEvent<T>> {
    const pending: WatchEvent<Stored>[] = []
    let wake: (() => void) | undefined
    for (const object of this.#all(resource).values()) {
      if (Number(object.metadata.resourceVersion) > Number(resourceVersion))
        pending.push({ type: 'ADDED', object })
    }
    const own = plural(resource)
    const watcher = (changed: string, event: WatchEvent<Stored>) => {
      if (changed !== own) return
      pending.push(event)
      wake?.()
    }
    this.#watchers.add(watcher)
    signal.addEventListener('abort', () => wake?.())
    try {
      while (!signal.aborted) {
        const event = pending.shift()
        if (event) yield event as unknown as WatchEvent<T>
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      this.#watchers.delete(watcher)
    }
  }

  #store(resource: ResourceRef, object: Stored, existing: Stored | undefined): Stored {
    const { uid, ...metadata } = object.metadata
    const stored: Stored = cloneJson({
      ...object,
      metadata: {
        ...metadata,
        uid: uid ?? existing?.metadata.uid ?? crypto.randomUUID(),
        resourceVersion: `${++this.#version}`,
      },
    })
    this.#all(resource).set(nameOf(stored.metadata), stored)
    this.#tell(resource, { type: existing ? 'MODIFIED' : 'ADDED', object: stored })
    return stored
  }

  #find(resource: ResourceRef, namespace: string | undefined, name: string): Stored {
    const object = this.#all(resource).get(`${namespace ?? ''}/${name}`)
    if (!object) throw ApiError.notFound(resource.group, resource.resource, name)
    return object
  }

  #all(resource: ResourceRef): Map<string, Stored> {
    const key = plural(resource)
    const known = this.#objects.get(key) ?? new Map<string, Stored>()
    this.#objects.set(key, known)
    return known
  }

  #tell(resource: ResourceRef, event: WatchEvent<Stored>): void {
    for (const watcher of this.#watchers) watcher(plural(resource), event)
  }

  #wrote(verb: string, { resource }: ResourceRef, subresource?: string): void {
    this.writes.push(`${verb} ${resource}${subresource ? `/${subresource}` : ''}`)
  }
}

/** For strategic patches. */
const kinds: Record<string, string> = { pods: 'Pod', nodes: 'Node', services: 'Service' }

function plural({ group, resource }: ResourceRef): string {
  return `${group}/${resource}`
}

function nameOf({ namespace = '', name = '' }: ObjectMeta): string {
  return `${namespace}/${name}`
}
