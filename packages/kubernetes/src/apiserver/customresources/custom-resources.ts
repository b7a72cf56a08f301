import { isReason } from '../../api/api-error.ts'
import { cloneJson, deepEqual } from '../../api/json.ts'
import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.ts'
import type { Client } from '../../client/client.ts'
import { createWorkQueue } from '../../client/create-work-queue.ts'
import { customResourceDefinitions } from '../../client/resources.ts'
import type { WorkQueue } from '../../client/work-queue.ts'
import type { Logger } from '../../log.ts'
import { follow, lookUp, lookUpAll, prefixOf, type StoreReader } from '../auth/store-reader.ts'
import type { ResourceCatalog } from '../registry/resource-catalog.ts'
import { acceptNames } from './accepted-names.ts'
import { customConversion } from './custom-conversion.ts'
import { CustomResource } from './custom-resource.ts'
import { isTrue, setCondition } from './definition-conditions.ts'
import { cleanupFinalizer } from './definition-hooks.ts'

export interface CustomResourcesOptions {
  store: StoreReader
  client: Client
  catalog: ResourceCatalog
  log: Logger
  now?: () => number
}

interface Served {
  group: string
  resource: string
  /** What the served versions were made from. */
  made: unknown
}

/**
 * Serves what CustomResourceDefinitions define: grants their names, puts their versions into the catalog, says
 * `Established`, and at the end deletes their objects. Definitions that are in the store already are served at once.
 */
export class CustomResources {
  readonly #options: CustomResourcesOptions
  readonly #now: () => number
  readonly #queue: WorkQueue
  /** By the definition's name. */
  readonly #served = new Map<string, Served>()
  /** Ends of watches for the objects of definitions that are being deleted. */
  readonly #cleanups = new Map<string, () => void>()
  readonly #stop: () => void

  constructor(options: CustomResourcesOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    const { store, log } = options
    this.#queue = createWorkQueue({
      name: 'custom-resources',
      // Names are granted one after the other.
      workers: 1,
      reconcile: (name) => this.#reconcile(name),
      onError: (name, error) => log.warn('cannot bring a definition up to date', { name, error }),
    })
    this.#stop = follow<CustomResourceDefinition>(
      store,
      customResourceDefinitions,
      ({ current, previous }) => {
        const { metadata, spec } = (current ?? previous)!
        const name = metadata.name ?? ''
        if (current && isTrue(current, 'Established')) this.#serve(current)
        if (!current) this.#drop(name)
        if (current) this.#queue.add(name)
        // Names may have become free.
        const freed = !current || !deepEqual(current.status?.acceptedNames, previous?.status?.acceptedNames)
        if (previous && freed)
          for (const other of this.#group(spec.group, name)) this.#queue.add(other.metadata.name!)
      },
    )
  }

  async close(): Promise<void> {
    this.#stop()
    for (const end of this.#cleanups.values()) end()
    await this.#queue.stop()
  }

  /** Resolves when nothing is left to do: for tests. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  #group(group: string, except: string): CustomResourceDefinition[] {
    return lookUpAll<CustomResourceDefinition>(this.#options.store, customResourceDefinitions).filter(
      ({ spec, metadata }) => spec.group === group && metadata.name !== except,
    )
  }

  #serve(definition: CustomResourceDefinition): void {
    const { metadata, spec, status } = definition
    const name = metadata.name ?? ''
    const made = { spec, names: status?.acceptedNames, ends: metadata.deletionTimestamp !== undefined }
    const known = this.#served.get(name)
    if (known && deepEqual(known.made, made)) return
    const convert = customConversion(definition, this.#options.store)
    const versions = spec.versions
      .filter(({ served }) => served)
      .map((version) => new CustomResource(definition, version, convert))
    const { catalog } = this.#options
    const resource = status?.acceptedNames?.plural ?? spec.names.plural
    // Versions that are no longer served have to go.
    if (known) catalog.remove(known)
    catalog.add(versions)
    this.#served.set(name, { group: spec.group, resource, made })
  }

  #drop(name: string): void {
    const known = this.#served.get(name)
    this.#served.delete(name)
    this.#cleanups.get(name)?.()
    this.#cleanups.delete(name)
    if (known) this.#options.catalog.remove(known)
  }

  async #reconcile(name: string): Promise<void> {
    const definition = lookUp<CustomResourceDefinition>(
      this.#options.store,
      customResourceDefinitions,
      '',
      name,
    )
    if (!definition) return
    const { deletionTimestamp, finalizers } = definition.metadata
    if (deletionTimestamp && finalizers?.includes(cleanupFinalizer)) await this.#cleanUp(definition)
    else if (!deletionTimestamp) await this.#establish(definition)
  }

  async #establish(definition: CustomResourceDefinition): Promise<void> {
    const { spec, metadata } = definition
    const next = cloneJson(definition)
    const { names, conflict } = acceptNames(definition, this.#group(spec.group, metadata.name ?? ''))
    next.status = { ...next.status, acceptedNames: names }
    const set = (type: string, good: boolean, reason: string, message: string): void =>
      setCondition(next, { type, status: good ? 'True' : 'False', reason, message }, this.#now())
    if (conflict) set('NamesAccepted', false, conflict.reason, conflict.message)
    else set('NamesAccepted', true, 'NoConflicts', 'no conflicts found')
    if (!isTrue(definition, 'Established')) {
      if (conflict) set('Established', false, 'NotAccepted', 'not all names are accepted')
      else set('Established', true, 'InitialNamesAccepted', 'the initial names have been accepted')
    }
    if (deepEqual(next.status, definition.status)) return
    // Who reads `Established` finds the resource served.
    if (isTrue(next, 'Established')) this.#serve(next)
    await this.#update(next)
  }

  async #cleanUp(definition: CustomResourceDefinition): Promise<void> {
    const { store, client } = this.#options
    const { spec, metadata } = definition
    const name = metadata.name ?? ''
    const next = cloneJson(definition)
    const terminating = (status: string, reason: string, message: string): void =>
      setCondition(next, { type: 'Terminating', status, reason, message }, this.#now())
    const resource = { group: spec.group, resource: spec.names.plural }
    if (isTrue(definition, 'Established')) {
      const prefix = prefixOf(resource)
      const { items, revision } = store.list(prefix)
      if (items.length > 0) {
        if (!this.#cleanups.has(name)) {
          const end = store.watch(prefix, revision, ({ type }) => {
            if (type === 'DELETED') this.#queue.add(name)
          })
          this.#cleanups.set(name, end)
        }
        terminating('True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress')
        if (!deepEqual(next.status, definition.status)) await this.#update(next)
        const version = spec.versions.find(({ served }) => served)?.name
        if (!version) return
        const namespaces = new Set(items.map((item) => item.metadata.namespace))
        const target = { ...resource, version }
        await Promise.all([...namespaces].map((namespace) => client.deleteCollection(target, { namespace })))
        return
      }
      terminating('False', 'InstanceDeletionCompleted', 'removed all instances')
    } else terminating('False', 'NeverEstablished', 'resource was never established')
    next.metadata.finalizers = metadata.finalizers?.filter((each) => each !== cleanupFinalizer)
    // Status and finalizer are two endpoints here; the status would hardly be seen any more.
    await this.#update(next, false)
  }

  async #update(definition: CustomResourceDefinition, status = true): Promise<void> {
    try {
      await this.#options.client.update(
        customResourceDefinitions,
        definition,
        status ? { subresource: 'status' } : {},
      )
    } catch (error) {
      // Changed or gone meanwhile: its event has put it into the queue again.
      if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error
    }
  }
}
