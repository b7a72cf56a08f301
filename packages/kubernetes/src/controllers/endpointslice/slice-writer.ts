import { isReason } from '../../api/api-error.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import { endpointSlices } from '../../client/resources.ts'
import { isNamespaceTerminating } from '../common/errors.ts'
import { WriteTracker } from '../common/write-tracker.ts'

export const serviceNameLabel = 'kubernetes.io/service-name'
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'

/** Slices to write; those to create have a generateName instead of a name. */
export interface SliceChanges {
  create: EndpointSlice[]
  update: EndpointSlice[]
  delete: EndpointSlice[]
}

/** Writes slices of one manager and waits for the cache to show them. Groups are keys of Services. */
export class SliceWriter {
  readonly #client: Client
  readonly #cache: Informer<EndpointSlice>
  readonly #tracker = new WriteTracker()
  readonly #skipped = new Set<string>()

  constructor(client: Client, cache: Informer<EndpointSlice>) {
    this.#client = client
    this.#cache = cache
  }

  /** The cache lacks own writes: come back when told so by {@link observe}. */
  mustWait(group: string): boolean {
    if (!this.#tracker.isBehind(group)) return false
    this.#skipped.add(group)
    return true
  }

  /** @returns whether the group has to be reconciled: somebody else wrote, or it has been waiting for the cache */
  observe(group: string, { metadata }: EndpointSlice, gone: boolean): boolean {
    const own = this.#tracker.observe(group, metadata.name ?? '', gone ? undefined : metadata.resourceVersion)
    return !own || (!this.#tracker.isBehind(group) && this.#skipped.delete(group))
  }

  /** Slices to delete are reused for those to create where the type of address is the same. */
  async write(group: string, changes: SliceChanges): Promise<void> {
    const create = [...changes.create]
    const update = [...changes.update]
    const remove = changes.delete.filter((slice) => {
      const index = create.findLastIndex(({ addressType }) => addressType === slice.addressType)
      if (index < 0) return true
      const [wanted] = create.splice(index, 1)
      if (!wanted) return true
      const { generateName: _, ...metadata } = wanted.metadata
      update.push({
        ...wanted,
        metadata: { ...metadata, name: slice.metadata.name, resourceVersion: slice.metadata.resourceVersion },
      })
      return false
    })
    try {
      for (const slice of create) {
        const created = await this.#client.create(endpointSlices, slice.metadata.namespace, slice)
        this.#wrote(group, created)
      }
    } catch (error) {
      if (isNamespaceTerminating(error)) return
      throw error
    }
    for (const slice of update) this.#wrote(group, await this.#client.update(endpointSlices, slice))
    for (const slice of remove) await this.delete(group, slice)
  }

  async delete(group: string, { metadata }: EndpointSlice): Promise<void> {
    const { namespace = '', name = '' } = metadata
    try {
      await this.#client.delete(endpointSlices, namespace, name)
      this.#tracker.deleted(group, name, this.#cache.get(namespace, name) !== undefined)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  #wrote(group: string, { metadata }: EndpointSlice): void {
    const { namespace = '', name = '', resourceVersion } = metadata
    const cached = this.#cache.get(namespace, name)?.metadata.resourceVersion
    this.#tracker.wrote(group, name, resourceVersion, cached)
  }
}
