import type { GroupVersionKind, GroupVersionResource } from '../../api/kube-object.ts'
import type { ServedResource } from './served-resource.ts'

type Listener = () => void

/**
 * What this API server serves just now: the built-in resources and those of CustomResourceDefinitions, which come and go.
 */
export class ResourceCatalog {
  readonly #byResource = new Map<string, ServedResource>()
  readonly #byKind = new Map<string, ServedResource>()
  readonly #listeners = new Set<Listener>()

  /** Adds resources, replacing those of the same group, version and name. */
  add(resources: Iterable<ServedResource>): void {
    for (const resource of resources) {
      const { group, version, resource: name, kind } = resource.info
      this.#byResource.set(`${group}/${version}/${name}`, resource)
      this.#byKind.set(`${group}/${version}/${kind}`, resource)
    }
    this.#changed()
  }

  /** Takes all versions of a resource out. */
  remove({ group, resource: name }: { group: string; resource: string }): void {
    for (const [key, { info }] of this.#byResource) {
      if (info.group !== group || info.resource !== name) continue
      this.#byResource.delete(key)
      this.#byKind.delete(`${info.group}/${info.version}/${info.kind}`)
    }
    this.#changed()
  }

  find({ group, version, resource }: GroupVersionResource): ServedResource | undefined {
    return this.#byResource.get(`${group}/${version}/${resource}`)
  }

  findKind({ group, version, kind }: GroupVersionKind): ServedResource | undefined {
    return this.#byKind.get(`${group}/${version}/${kind}`)
  }

  /** In the order in which they were added. */
  all(): Iterable<ServedResource> {
    return this.#byResource.values()
  }

  /** Calls back after each change; discovery and OpenAPI then forget what they made. Returns what ends it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
