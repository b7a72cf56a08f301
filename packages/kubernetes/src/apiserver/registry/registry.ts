import { ApiError } from '../../api/api-error.ts'
import { keepTimes } from '../../api/apply/update-managed-fields.ts'
import { cloneJson, deepEqual } from '../../api/json.ts'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import { toTime } from '../../api/time.ts'
import { type Store, StoreConflict } from '../../store/store.ts'
import type { AdmissionChain } from '../admission/admission-chain.ts'
import type { AdmissionAttributes } from '../admission/admission-plugin.ts'
import type { UserInfo } from '../auth/user-info.ts'
import { type DeletionOptions, isEmptied, planDeletion } from './deletion.ts'
import {
  checkName,
  dedupOwnerReferences,
  fillSystemFields,
  generatedName,
  wipeSystemFields,
  withNamespace,
} from './object-meta.ts'
import type { Finish, ResourceHooks } from './resource-hooks.ts'
import type { ServedResource } from './served-resource.ts'
import { wordStoreError } from './store-errors.ts'
import { storeKey } from './store-key.ts'
import type { StrategyContext } from './strategy.ts'
import { track, trackingOf } from './track-managed-fields.ts'
import { checkVersion, existsError, keepSystemFields, uidMismatch } from './write-rules.ts'

/** A name that the server makes up is tried this often before the client is told that it exists. */
const nameAttempts = 8

/** Which object. `namespace` is '' for cluster-scoped resources, `subresource` '' for the object itself. */
export interface Target {
  resource: ServedResource
  namespace: string
  name: string
  subresource: string
}

/** Who writes, and how. */
export interface WriteContext {
  user: UserInfo
  dryRun: boolean
  /** Name in managedFields; the client's user agent if it gave none. Undefined: this writer keeps no books. */
  fieldManager: string | undefined
  /** CreateOptions, UpdateOptions, DeleteOptions …, for admission. */
  options: KubeObject
  /** Adds a `Warning:` header to the response. */
  warn(message: string): void
  /** Asked before an update creates; throws ApiError Forbidden. */
  authorizeCreate?(): Promise<void>
}

/**
 * Makes the new state of an object from the stored one (both in the served version); called again when somebody else
 * was faster. The result is the caller's own. `undefined` current: the update creates.
 */
export type Produce = (current: StoredKubeObject | undefined) => KubeObject | Promise<KubeObject>

export interface UpdateOptions {
  /** Also for kinds that PUT does not create. */
  allowCreate?: boolean
  /** The stored object must have this uid. */
  uid?: string | undefined
  /** What `produce` returns has its managedFields in order (server-side apply). */
  tracked?: boolean
}

export interface RegistryOptions {
  store: Store
  admission: AdmissionChain
  /** By `<resource>.<group>`, e.g. `services.`. */
  hooks: ReadonlyMap<string, ResourceHooks>
  /** Milliseconds since the epoch. */
  now?: () => number
}

/**
 * Reads and writes of every kind: what upstream spreads over its handlers and the generic registry store. Objects that
 * go in belong to the registry from then on; objects that come out are shared.
 */
export class Registry {
  readonly store: Store
  readonly #admission: AdmissionChain
  readonly #hooks: ReadonlyMap<string, ResourceHooks>
  readonly #now: () => number

  constructor({ store, admission, hooks, now = Date.now }: RegistryOptions) {
    this.store = store
    this.#admission = admission
    this.#hooks = hooks
    this.#now = now
  }

  async get({ resource, namespace, name }: Target): Promise<StoredKubeObject> {
    const object = this.store.get(storeKey(resource, namespace, name))
    if (!object) throw ApiError.notFound(resource.info.group, resource.info.resource, name)
    return this.#served(resource, object)
  }

  async create(target: Target, object: KubeObject, context: WriteContext): Promise<StoredKubeObject> {
    const { resource, namespace } = target
    const stored = withNamespace(object, resource.info, namespace)
    wipeSystemFields(stored.metadata)
    if (stored.metadata.resourceVersion) {
      throw new ApiError('', 'resourceVersion should not be set on objects to be created', undefined, 500)
    }
    delete stored.metadata.resourceVersion
    dedupOwnerReferences(stored.metadata, context.warn, false)
    track(undefined, stored, trackingOf(target), context, this.#time())
    const attributes = this.#attributes(target, 'CREATE', stored, undefined, context)
    await this.#admission.admit(attributes)
    dedupOwnerReferences(stored.metadata, context.warn, true)
    const attempts = stored.metadata.generateName && !stored.metadata.name ? nameAttempts : 1
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#insert(
          target,
          attempt < attempts ? cloneJson(stored) : stored,
          context,
          attributes,
        )
      } catch (error) {
        const exists = error instanceof ApiError && error.reason === 'AlreadyExists'
        if (!exists || attempt === attempts) throw error
      }
    }
  }

  /** From complete but for system fields, to stored. */
  async #insert(
    target: Target,
    object: StoredKubeObject,
    context: WriteContext,
    attributes: AdmissionAttributes,
  ): Promise<StoredKubeObject> {
    const { resource } = target
    const { info, strategy } = resource
    const { metadata } = object
    const now = this.#time()
    fillSystemFields(metadata, now)
    if (metadata.generateName && !metadata.name) metadata.name = generatedName(metadata.generateName)
    const finish = this.#hook(resource)?.beginCreate?.(object, context)
    return finishing(finish, async () => {
      strategy.prepareForCreate(object, { now, user: context.user, subresource: target.subresource })
      const causes = resource.validateCreate(object)
      if (causes.length > 0) throw ApiError.invalid(info.group, info.kind, metadata.name ?? '', causes)
      for (const warning of strategy.warnings?.(object, undefined) ?? []) context.warn(warning)
      strategy.canonicalize?.(object)
      // What the strategy reset has its defaults when it is read back.
      resource.setDefaults(object)
      await this.#admission.validate({ ...attributes, object, name: metadata.name ?? '' })
      const name = metadata.name ?? ''
      const key = storeKey(resource, metadata.namespace ?? '', name)
      try {
        if (context.dryRun) {
          const current = this.store.get(key)
          if (current) throw new StoreConflict('exists', key, current)
          return object
        }
        return await this.#served(
          resource,
          await this.store.create(key, await this.#toStore(resource, object)),
        )
      } catch (error) {
        throw existsError(error, resource, metadata.generateName, name)
      }
    })
  }

  /** The guaranteed update: retried until nobody else came in between, or the object says which version it was made from. */
  async update(
    target: Target,
    produce: Produce,
    context: WriteContext,
    options: UpdateOptions = {},
  ): Promise<{ object: StoredKubeObject; created: boolean }> {
    const { resource, namespace, name } = target
    const { info, strategy } = resource
    const key = storeKey(resource, namespace, name)
    for (;;) {
      const found = this.store.get(key)
      if (!found) {
        if (!options.allowCreate && !(strategy.allowCreateOnUpdate && !target.subresource)) {
          throw ApiError.notFound(info.group, info.resource, name)
        }
        if (options.uid)
          throw ApiError.conflict(info.group, info.resource, name, uidMismatch(key, options.uid, ''))
        return { object: await this.#createByUpdate(target, produce, context, options), created: true }
      }
      if (options.uid && options.uid !== found.metadata.uid) {
        throw ApiError.conflict(
          info.group,
          info.resource,
          name,
          uidMismatch(key, options.uid, found.metadata.uid),
        )
      }
      try {
        return { object: await this.#replace(target, key, found, produce, context, options), created: false }
      } catch (error) {
        // Somebody was faster: look again. When the client named a version, that ends as a conflict.
        if (error instanceof StoreConflict) continue
        throw wordStoreError(error, info, name)
      }
    }
  }

  async #createByUpdate(
    target: Target,
    produce: Produce,
    context: WriteContext,
    { tracked }: UpdateOptions,
  ): Promise<StoredKubeObject> {
    const { resource, namespace, name } = target
    const object = withNamespace(await produce(undefined), resource.info, namespace)
    checkName(object, name)
    await context.authorizeCreate?.()
    if (Number(object.metadata.resourceVersion ?? 0) !== 0) {
      throw ApiError.notFound(resource.info.group, resource.info.resource, name)
    }
    delete object.metadata.resourceVersion
    if (!tracked) track(undefined, object, trackingOf(target), context, this.#time())
    const attributes = this.#attributes(target, 'CREATE', object, undefined, context)
    await this.#admission.admit(attributes)
    dedupOwnerReferences(object.metadata, context.warn, true)
    return this.#insert(target, object, context, attributes)
  }

  /** One attempt. @throws StoreConflict when the object has changed since `found` was read */
  async #replace(
    target: Target,
    key: string,
    found: StoredKubeObject,
    produce: Produce,
    context: WriteContext,
    { tracked }: UpdateOptions,
  ): Promise<StoredKubeObject> {
    const { resource, namespace, name, subresource } = target
    const { info, strategy } = resource
    const old = await this.#served(resource, found)
    const next = withNamespace(await produce(old), info, namespace)
    checkName(next, name)
    if (!tracked) track(old, next, trackingOf(target), context, this.#time())
    const attributes = this.#attributes(target, 'UPDATE', next, old, context)
    await this.#admission.admit(attributes)
    const { metadata } = next
    dedupOwnerReferences(metadata, context.warn, true)
    checkVersion(target, next, old)
    const hooks = this.#hook(resource)
    const finish = subresource ? undefined : hooks?.beginUpdate?.(next, old, context)
    return finishing(finish, async () => {
      const strategyContext: StrategyContext = { now: this.#time(), user: context.user, subresource }
      keepSystemFields(next, old)
      strategy.prepareForUpdate(next, old, strategyContext)
      const causes = resource.validateUpdate(next, old, subresource)
      if (causes.length > 0) throw ApiError.invalid(info.group, info.kind, name, causes)
      for (const warning of strategy.warnings?.(next, old) ?? []) context.warn(warning)
      strategy.canonicalize?.(next)
      await this.#admission.validate({ ...attributes, object: next })
      if (isEmptied(metadata, old.metadata) && (hooks?.mayRemove?.(next) ?? true)) {
        if (!context.dryRun) await this.#remove(resource, key, found)
        return next
      }
      const result = keepTimes(next, old)
      if (deepEqual(result, old)) return old
      if (context.dryRun) return result
      const written = await this.store.update(
        key,
        await this.#toStore(resource, result),
        Number(found.metadata.resourceVersion),
      )
      return this.#served(resource, written)
    })
  }

  /**
   * A change by the server itself: no strategy, no admission, no books. `change` gets the stored object and returns a new
   * one; it is called again when somebody else was faster.
   */
  async mutate(
    { resource, namespace, name }: Target,
    change: (object: StoredKubeObject) => StoredKubeObject,
    dryRun = false,
  ): Promise<StoredKubeObject> {
    const { info } = resource
    const key = storeKey(resource, namespace, name)
    for (;;) {
      const found = this.store.get(key)
      if (!found) throw ApiError.notFound(info.group, info.resource, name)
      const next = change(found)
      if (dryRun || deepEqual(next, found)) return next
      try {
        return await this.store.update(key, next, Number(found.metadata.resourceVersion))
      } catch (error) {
        if (!(error instanceof StoreConflict)) throw wordStoreError(error, info, name)
      }
    }
  }

  /** Admission of what is created without being stored: a Binding, an Eviction, a review. `object` may be changed. */
  async admitCreate(target: Target, object: KubeObject, context: WriteContext): Promise<void> {
    const attributes = this.#attributes(target, 'CREATE', object, undefined, context)
    await this.#admission.admit(attributes)
    await this.#admission.validate(attributes)
  }

  /** Admission of exec, attach, port-forward and proxies; `object` is e.g. a PodExecOptions. */
  async admitConnect(target: Target, object: KubeObject, context: WriteContext): Promise<void> {
    const attributes = this.#attributes(target, 'CONNECT', object, undefined, context)
    await this.#admission.admit(attributes)
    await this.#admission.validate(attributes)
  }

  /** `removed` is false when the object stays until a kubelet or the owners of finalizers are done with it. */
  async delete(
    target: Target,
    options: DeletionOptions,
    context: WriteContext,
  ): Promise<{ object: StoredKubeObject; removed: boolean }> {
    const { resource, namespace, name } = target
    const { info } = resource
    const key = storeKey(resource, namespace, name)
    const hooks = this.#hook(resource)
    for (;;) {
      const found = this.store.get(key)
      if (!found) throw ApiError.notFound(info.group, info.resource, name)
      const existing = await this.#served(resource, found)
      const plan = planDeletion(resource, existing, options, this.#now())
      if (plan.step === 'wait') return { object: existing, removed: false }
      const attributes = this.#attributes(target, 'DELETE', undefined, existing, context)
      await this.#admission.admit(attributes)
      await this.#admission.validate(attributes)
      try {
        if (plan.step === 'remove' && (hooks?.mayRemove?.(existing) ?? true)) {
          const object = context.dryRun ? existing : await this.#remove(resource, key, found)
          return { object, removed: true }
        }
        const marked = plan.step === 'mark' ? plan.object : existing
        const object = hooks?.markDeleted?.(marked) ?? marked
        if (context.dryRun || deepEqual(object, existing)) return { object, removed: false }
        const written = await this.store.update(
          key,
          await this.#toStore(resource, object),
          Number(found.metadata.resourceVersion),
        )
        return { object: await this.#served(resource, written), removed: false }
      } catch (error) {
        if (error instanceof StoreConflict) continue
        throw wordStoreError(error, info, name)
      }
    }
  }

  async #remove(resource: ServedResource, key: string, found: StoredKubeObject): Promise<StoredKubeObject> {
    const gone = await this.store.delete(key, Number(found.metadata.resourceVersion))
    this.#hook(resource)?.afterDelete?.(gone)
    return this.#served(resource, gone)
  }

  async #served(resource: ServedResource, object: StoredKubeObject): Promise<StoredKubeObject> {
    // Custom resources have conversions within a version too: they fill in new defaults.
    if (!resource.conversion) return object
    return (await resource.conversion.fromStorage([object]))[0]!
  }

  async #toStore(resource: ServedResource, object: StoredKubeObject): Promise<StoredKubeObject> {
    return resource.conversion ? resource.conversion.toStorage(object) : object
  }

  #attributes(
    { resource, subresource, namespace, name }: Target,
    operation: AdmissionAttributes['operation'],
    object: KubeObject | undefined,
    oldObject: KubeObject | undefined,
    { user, dryRun, options, warn }: WriteContext,
  ): AdmissionAttributes {
    const { info } = resource
    const objectName = name || object?.metadata?.name || ''
    // A namespace counts as inside itself.
    const inside = info.group === '' && info.resource === 'namespaces' ? objectName : namespace
    return {
      operation,
      resource: info,
      subresource,
      namespace: inside,
      name: objectName,
      object,
      oldObject,
      user,
      dryRun,
      options,
      warn,
    }
  }

  #hook({ info }: ServedResource): ResourceHooks | undefined {
    return this.#hooks.get(`${info.resource}.${info.group}`)
  }

  #time(): string {
    return toTime(this.#now())
  }
}

/** Runs `write` and tells `finish` how it went. */
async function finishing<T>(finish: Finish | undefined, write: () => Promise<T>): Promise<T> {
  let written = false
  try {
    const result = await write()
    written = true
    return result
  } finally {
    finish?.(written)
  }
}
