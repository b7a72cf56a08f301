import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { OwnerReference } from '../../api/kube-object.ts'
import { parseApiVersion } from '../../api/resource-info.ts'
import type { InformerListener } from '../../client/informer.ts'
import { settleAll } from '../common/errors.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { ResourceSource } from '../resource-source.ts'
import {
  blocks,
  foregroundFinalizer,
  isDeletingDependents,
  isOrphaningDependents,
  orphanFinalizer,
} from './deletion-state.ts'
import { keyOfInfo, type Monitor, Monitors, type Owned } from './monitors.ts'

const name = 'garbage-collector-controller'

/** How the owners of an object stand. */
interface Owners {
  solid: OwnerReference[]
  /** They do not exist (any more). */
  dangling: OwnerReference[]
  /** They wait for their dependents to go. */
  waiting: OwnerReference[]
}

/**
 * Deletes what has lost its last owner, and carries out foreground deletions and orphanings. Caches only say where to
 * look: before anything is deleted, the object and its owners are read from the server.
 */
export function startGarbageCollector(context: ControllerContext, source: ResourceSource): Controller {
  const { client } = context
  const events = context.recorder(name)
  const ready = Promise.withResolvers<void>()
  const loop = createLoop(context, {
    name,
    workers: 20,
    caches: [{ synced: ready.promise }],
    maxBackoffMs: 60_000,
    reconcile,
  })
  const monitors = new Monitors(context, source, observe)
  monitors.synced.then(ready.resolve, ready.reject)
  loop.alsoStop(() => monitors.stop())

  function enqueue(monitor: Monitor, { metadata }: Owned): void {
    loop.queue.add(
      JSON.stringify([keyOfInfo(monitor.info), metadata.namespace ?? '', metadata.name, metadata.uid]),
    )
  }

  function enqueueWaitingOwners({ metadata }: Owned): void {
    for (const reference of metadata.ownerReferences ?? []) {
      const owner = monitors.cachedOwner(reference, metadata.namespace ?? '')
      const monitor = monitors.ofKind(reference)
      if (owner && monitor && isDeletingDependents(owner.metadata)) enqueue(monitor, owner)
    }
  }

  function observe(monitor: Monitor): InformerListener<Owned> {
    return ({ current, old }) => {
      if (!current) {
        if (!old) return
        for (const { monitor: other, object } of monitors.dependentsOf(old.metadata.uid ?? '')) {
          enqueue(other, object)
        }
        enqueueWaitingOwners(old)
        return
      }
      const { metadata } = current
      const hasOwners = (metadata.ownerReferences ?? []).length > 0
      const ownersChanged = !old || !deepEqual(old.metadata.ownerReferences, metadata.ownerReferences)
      if (hasOwners && ownersChanged) enqueue(monitor, current)
      // An owner that this object blocked may be free now.
      if (old && ownersChanged) enqueueWaitingOwners(old)
      if (isOrphaningDependents(metadata)) enqueue(monitor, current)
      if (isDeletingDependents(metadata) && !(old && isDeletingDependents(old.metadata))) {
        enqueue(monitor, current)
        for (const { monitor: other, object } of monitors.dependentsOf(metadata.uid ?? '')) {
          enqueue(other, object)
        }
      }
    }
  }

  async function reconcile(key: string): Promise<void> {
    const [info, namespace, objectName, uid] = JSON.parse(key) as [string, string, string, string]
    const monitor = monitors.byKey(info)
    if (!monitor) return
    const cached = monitor.informer.get(namespace, objectName)
    if (cached?.metadata.uid === uid && nothingToDo(cached)) return
    let object: Owned
    try {
      object = await client.get<Owned>(monitor.info, namespace || undefined, objectName)
    } catch (error) {
      if (isReason(error, 'NotFound')) return
      throw error
    }
    if (object.metadata.uid !== uid) return
    if (isOrphaningDependents(object.metadata)) return orphanDependents(monitor, object)
    if (isDeletingDependents(object.metadata)) return deleteDependents(monitor, object)
    if (object.metadata.deletionTimestamp || !object.metadata.ownerReferences?.length) return
    await deleteIfUnowned(monitor, object)
  }

  /** Caches show all owners, none of them on its way out, and the object has no deletion to carry out. */
  function nothingToDo({ metadata }: Owned): boolean {
    if (isDeletingDependents(metadata) || isOrphaningDependents(metadata)) return false
    return (metadata.ownerReferences ?? []).every((reference) => {
      const owner = monitors.cachedOwner(reference, metadata.namespace ?? '')
      return owner !== undefined && !isDeletingDependents(owner.metadata)
    })
  }

  async function deleteIfUnowned(monitor: Monitor, object: Owned): Promise<void> {
    const owners = await classify(object)
    if (!owners) return
    const { solid, dangling, waiting } = owners
    if (solid.length > 0) {
      if (dangling.length + waiting.length > 0) await patchOwners(monitor, object, solid)
      return
    }
    const dependents = monitors.dependentsOf(object.metadata.uid ?? '')
    if (waiting.length > 0 && dependents.length > 0) {
      // Dependents that wait for us while we wait for an owner may close a circle: nobody is to be blocked by us then.
      if (dependents.some((dependent) => isDeletingDependents(dependent.object.metadata))) {
        const references = object.metadata.ownerReferences ?? []
        await patchOwners(
          monitor,
          object,
          references.map((reference) => ({ ...reference, blockOwnerDeletion: false })),
        )
      }
      return remove(monitor, object, 'Foreground')
    }
    const { finalizers = [] } = object.metadata
    if (finalizers.includes(orphanFinalizer)) return remove(monitor, object, 'Orphan')
    return remove(monitor, object, finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background')
  }

  async function remove(
    monitor: Monitor,
    { metadata }: Owned,
    propagationPolicy: 'Orphan' | 'Foreground' | 'Background',
  ): Promise<void> {
    try {
      await client.delete(monitor.info, metadata.namespace, metadata.name ?? '', {
        propagationPolicy,
        ...(metadata.uid && { preconditions: { uid: metadata.uid } }),
      })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  /** Nothing when the references cannot be judged: such an object is left alone. */
  async function classify(object: Owned): Promise<Owners | undefined> {
    const owners: Owners = { solid: [], dangling: [], waiting: [] }
    const { namespace } = object.metadata
    for (const reference of object.metadata.ownerReferences ?? []) {
      const kind = monitors.ofKind(reference)?.info ?? findKind(reference)
      // A kind that is not served may come back: nothing can be said of its objects.
      if (!kind) throw new Error(`unable to get REST mapping for ${reference.apiVersion}/${reference.kind}.`)
      if (kind.namespaced && !namespace) {
        const message = `ownerRef [${reference.apiVersion}/${reference.kind}, name: ${reference.name}, uid: ${reference.uid}] is namespaced, which a cluster-scoped object cannot be owned by`
        events.event(object, 'Warning', 'OwnerRefInvalidNamespace', message)
        return undefined
      }
      const owner = await read(kind, kind.namespaced ? namespace : undefined, reference)
      if (!owner) owners.dangling.push(reference)
      else if (isDeletingDependents(owner.metadata)) owners.waiting.push(reference)
      else owners.solid.push(reference)
    }
    return owners
  }

  function findKind({ apiVersion, kind }: OwnerReference) {
    const { group } = parseApiVersion(apiVersion)
    return source.list().find((info) => info.group === group && info.kind === kind)
  }

  async function read(
    kind: Monitor['info'],
    namespace: string | undefined,
    reference: OwnerReference,
  ): Promise<Owned | undefined> {
    try {
      const owner = await client.get<Owned>(kind, namespace, reference.name)
      return owner.metadata.uid === reference.uid ? owner : undefined
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    }
  }

  /** The resourceVersion in the patch makes it fail when somebody else changed the list. */
  async function patchOwners(
    monitor: Monitor,
    { metadata }: Owned,
    ownerReferences: OwnerReference[],
  ): Promise<void> {
    const { namespace, name: objectName = '', resourceVersion, uid } = metadata
    const patch = { metadata: { resourceVersion, uid, ownerReferences } }
    await client.patch(monitor.info, namespace, objectName, 'merge', patch)
  }

  async function deleteDependents(monitor: Monitor, object: Owned): Promise<void> {
    const uid = object.metadata.uid ?? ''
    const blocking = monitors.dependentsOf(uid).filter((dependent) => blocks(dependent.object.metadata, uid))
    if (blocking.length === 0) return removeFinalizer(monitor, object, foregroundFinalizer)
    for (const dependent of blocking) {
      if (!isDeletingDependents(dependent.object.metadata)) enqueue(dependent.monitor, dependent.object)
    }
  }

  async function orphanDependents(monitor: Monitor, object: Owned): Promise<void> {
    const uid = object.metadata.uid ?? ''
    await settleAll(
      monitors.dependentsOf(uid).map(async (dependent) => {
        const { namespace, name: dependentName = '' } = dependent.object.metadata
        try {
          const fresh = await client.get<Owned>(dependent.monitor.info, namespace, dependentName)
          const references = fresh.metadata.ownerReferences ?? []
          const rest = references.filter((reference) => reference.uid !== uid)
          if (rest.length < references.length) await patchOwners(dependent.monitor, fresh, rest)
        } catch (error) {
          if (!isReason(error, 'NotFound')) throw error
        }
      }),
    )
    await removeFinalizer(monitor, object, orphanFinalizer)
  }

  async function removeFinalizer(monitor: Monitor, { metadata }: Owned, finalizer: string): Promise<void> {
    const { namespace, name: objectName = '', resourceVersion, uid } = metadata
    const finalizers = (metadata.finalizers ?? []).filter((each) => each !== finalizer)
    try {
      const patch = { metadata: { resourceVersion, uid, finalizers } }
      await client.patch(monitor.info, namespace, objectName, 'merge', patch)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  return loop
}
