import type { KubeObject, ObjectMeta, OwnerReference } from '../../api/kube-object.ts'
import { apiVersionOf, type ResourceInfo } from '../../api/resource-info.ts'
import { createInformer } from '../../client/create-informer.ts'
import type { Informer, InformerListener } from '../../client/informer.ts'
import type { ControllerContext } from '../controller.ts'
import { oneVersionEach, type ResourceSource } from '../resource-source.ts'

/** Any object as the garbage collector sees it. */
export type Owned = KubeObject & { metadata: ObjectMeta }

export interface Monitor {
  info: ResourceInfo
  informer: Informer<Owned>
}

const ownerIndex = 'owner'
/** They come and go by the thousand and own nothing. */
const ignored = new Set(['events.', 'events.events.k8s.io'])

/** Watches everything that can be deleted, and knows who is owned by whom. Custom resources come and go. */
export class Monitors {
  readonly #context: ControllerContext
  readonly #source: ResourceSource
  readonly #listener: (monitor: Monitor) => InformerListener<Owned>
  readonly #monitors = new Map<string, { monitor: Monitor; end: () => void }>()
  readonly #endSource: () => void

  constructor(
    context: ControllerContext,
    source: ResourceSource,
    listener: (monitor: Monitor) => InformerListener<Owned>,
  ) {
    this.#context = context
    this.#source = source
    this.#listener = listener
    this.#update()
    this.#endSource = source.onChange(() => this.#update())
  }

  /** The caches that are there now have been filled. */
  get synced(): Promise<void> {
    return Promise.all([...this.#monitors.values()].map(({ monitor }) => monitor.informer.synced)).then(
      () => undefined,
    )
  }

  #update(): void {
    const wanted = new Map<string, ResourceInfo>()
    for (const info of oneVersionEach(this.#source.list())) {
      const complete = ['list', 'watch', 'delete'].every((verb) => info.verbs.includes(verb as 'list'))
      if (complete && !ignored.has(`${info.resource}.${info.group}`)) wanted.set(keyOfInfo(info), info)
    }
    for (const [key, { end }] of this.#monitors) {
      if (wanted.has(key)) continue
      this.#monitors.delete(key)
      end()
    }
    for (const [key, info] of wanted) {
      if (!this.#monitors.has(key)) this.#monitors.set(key, this.#start(info))
    }
  }

  #start(info: ResourceInfo): { monitor: Monitor; end: () => void } {
    const { client, informers, log } = this.#context
    const resource = { group: info.group, version: info.version, resource: info.resource }
    const stop = new AbortController()
    // Built-in resources stay, and others watch them too; a custom one's watch has to end with its definition.
    const informer = info.schema
      ? informers.informer<Owned>(resource)
      : createInformer<Owned>({ client, resource, scope: {}, signal: stop.signal, log })
    informer.addIndex(ownerIndex, ({ metadata }) => (metadata.ownerReferences ?? []).map(({ uid }) => uid))
    const monitor = { info, informer }
    const silence = informer.listen(this.#listener(monitor))
    return {
      monitor,
      end() {
        silence()
        stop.abort()
      },
    }
  }

  byKey(key: string): Monitor | undefined {
    return this.#monitors.get(key)?.monitor
  }

  /** By kind, in whatever version the owner reference names. */
  ofKind({ apiVersion, kind }: { apiVersion: string; kind: string }): Monitor | undefined {
    const slash = apiVersion.indexOf('/')
    const group = slash < 0 ? '' : apiVersion.slice(0, slash)
    for (const { monitor } of this.#monitors.values()) {
      if (monitor.info.kind === kind && monitor.info.group === group) return monitor
    }
    return undefined
  }

  dependentsOf(uid: string): { monitor: Monitor; object: Owned }[] {
    return [...this.#monitors.values()].flatMap(({ monitor }) =>
      monitor.informer.byIndex(ownerIndex, uid).map((object) => ({ monitor, object })),
    )
  }

  /** The owner, where a cache shows it. */
  cachedOwner(reference: OwnerReference, namespace: string): Owned | undefined {
    const monitor = this.ofKind(reference)
    const owner = monitor?.informer.get(monitor.info.namespaced ? namespace : '', reference.name)
    return owner?.metadata.uid === reference.uid ? owner : undefined
  }

  stop(): void {
    this.#endSource()
    for (const { end } of this.#monitors.values()) end()
    this.#monitors.clear()
  }
}

export function keyOfInfo(info: ResourceInfo): string {
  return `${apiVersionOf(info)}/${info.resource}`
}
