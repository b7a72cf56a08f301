import { ApiError } from '../api/api-error.ts'
import type { Json, KubeList, KubeObject } from '../api/kube-object.ts'
import { apiVersionOf } from '../api/resource-info.ts'
import type { UserInfo } from '../apiserver/auth/user-info.ts'
import type { ApiWrite, KubeApi } from '../apiserver/registry/kube-api.ts'
import type { Target } from '../apiserver/registry/registry.ts'
import type { ResourceCatalog } from '../apiserver/registry/resource-catalog.ts'
import type { RegistryWatchEvent } from '../apiserver/registry/watch-objects.ts'
import type {
  Client,
  DeleteOptions,
  ListOptions,
  PatchType,
  ResourceRef,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts'

/**
 * The API for code in the API server's own process: no TLS, no serialising, no authorization. Writers that do not name
 * themselves (`fieldManager`) leave managedFields alone.
 */
export class DirectClient implements Client {
  readonly #api: KubeApi
  readonly #catalog: ResourceCatalog
  readonly #user: UserInfo

  constructor(api: KubeApi, catalog: ResourceCatalog, user: UserInfo) {
    this.#api = api
    this.#catalog = catalog
    this.#user = user
  }

  async get<T = KubeObject>(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    options: { subresource?: string } = {},
  ): Promise<T> {
    return (await this.#api.get(this.#target(resource, namespace, name, options.subresource))) as T
  }

  async list<T = KubeObject>(resource: ResourceRef, options: ListOptions = {}): Promise<KubeList<T>> {
    const served = this.#target(resource, '', '').resource
    const result = await this.#api.list(served, options.namespace, options)
    return {
      apiVersion: apiVersionOf(served.info),
      kind: served.info.listKind,
      metadata: {
        resourceVersion: String(result.revision),
        ...(result.continue && { continue: result.continue }),
        ...(result.remaining && { remainingItemCount: result.remaining }),
      },
      items: result.items as unknown as T[],
    }
  }

  async create<T extends object = KubeObject>(
    resource: ResourceRef,
    namespace: string | undefined,
    object: T,
    options: WriteOptions & { name?: string } = {},
  ): Promise<T> {
    const target = this.#target(resource, namespace, options.name ?? '', options.subresource)
    return (await this.#api.create(target, { value: object }, this.#write(options, 'CreateOptions'))) as T
  }

  async update<T extends object = KubeObject>(
    resource: ResourceRef,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { namespace, name } = (object as KubeObject).metadata ?? {}
    const target = this.#target(resource, namespace, name ?? '', options.subresource)
    const result = await this.#api.update(target, { value: object }, this.#write(options, 'UpdateOptions'))
    return result.object as T
  }

  async patch<T = KubeObject>(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    patch: Json | object,
    options: WriteOptions = {},
  ): Promise<T> {
    const target = this.#target(resource, namespace, name, options.subresource)
    const result = await this.#api.patch(
      target,
      { type, body: { value: patch }, force: options.force ?? false },
      this.#write(options, 'PatchOptions'),
    )
    return result.object as T
  }

  async delete(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    const write = this.#write({}, 'DeleteOptions', options)
    await this.#api.delete(this.#target(resource, namespace, name), options, write)
  }

  async deleteCollection(
    resource: ResourceRef,
    list: ListOptions,
    options: DeleteOptions = {},
  ): Promise<void> {
    const served = this.#target(resource, '', '').resource
    const write = this.#write({}, 'DeleteOptions', options)
    await this.#api.deleteCollection(served, list.namespace, list, options, write)
  }

  async *watch<T = KubeObject>(resource: ResourceRef, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const served = this.#target(resource, '', '').resource
    let events: RegistryWatchEvent[] = []
    let wake = (): void => {}
    let failure: unknown
    const end = this.#api.watch(served, options.namespace, options, {
      event(event) {
        events.push(event)
        wake()
      },
      failed(error) {
        failure = error
        wake()
      },
    })
    const stop = (): void => wake()
    options.signal.addEventListener('abort', stop, { once: true })
    try {
      while (!options.signal.aborted) {
        if (events.length === 0 && !failure) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          continue
        }
        const told = events
        events = []
        for (const event of told) {
          if (options.signal.aborted) return
          yield event as unknown as WatchEvent<T>
        }
        if (failure) throw failure
      }
    } finally {
      end()
      options.signal.removeEventListener('abort', stop)
    }
  }

  #target(resource: ResourceRef, namespace = '', name: string, subresource = ''): Target {
    const served = this.#catalog.find(resource)
    if (!served) {
      throw new ApiError('NotFound', 'the server could not find the requested resource', {
        group: resource.group,
        kind: resource.resource,
      })
    }
    return { resource: served, namespace: served.info.namespaced ? namespace : '', name, subresource }
  }

  #write({ fieldManager, dryRun = false }: WriteOptions, kind: string, options: object = {}): ApiWrite {
    return {
      user: this.#user,
      dryRun,
      fieldManager,
      fieldValidation: 'Ignore',
      options: {
        ...options,
        apiVersion: 'meta.k8s.io/v1',
        kind,
        ...(fieldManager && { fieldManager }),
        ...(dryRun && { dryRun: ['All'] }),
      },
      warn() {},
    }
  }
}
