import { ApiError } from '../../api/api-error.ts'
import { cloneJson } from '../../api/json.ts'
import type { ObjectMeta, StoredKubeObject } from '../../api/kube-object.ts'
import { parseTime, toTime } from '../../api/time.ts'
import type { DeleteOptions } from '../../client/client.ts'
import type { ServedResource } from './served-resource.ts'

const orphanFinalizer = 'orphan'
const foregroundFinalizer = 'foregroundDeletion'

/** `meta/v1 DeleteOptions` as far as the registry looks at them. */
export type DeletionOptions = DeleteOptions & { orphanDependents?: boolean }

/**
 * What a DELETE does to an object: nothing, because one is under way already; marks it, so that somebody else can finish
 * (a kubelet, owners of finalizers); or removes it.
 */
export type Deletion = { step: 'wait' } | { step: 'mark'; object: StoredKubeObject } | { step: 'remove' }

/** @throws ApiError Conflict when a precondition fails */
export function planDeletion(
  resource: ServedResource,
  existing: StoredKubeObject,
  options: DeletionOptions,
  now: number,
): Deletion {
  checkPreconditions(resource, existing.metadata, options)
  const object = { ...existing, metadata: cloneJson(existing.metadata) }
  const asked = options.gracePeriodSeconds
  const grace = gracefully(resource, object, asked === undefined || asked >= 0 ? asked : 1, now)
  if (grace === 'pending') return { step: 'wait' }
  object.metadata.finalizers = finalizersFor(resource, object.metadata, options)
  if (object.metadata.finalizers.length === 0) delete object.metadata.finalizers
  if (grace > 0) return { step: 'mark', object }
  if (!object.metadata.finalizers) return { step: 'remove' }
  markAsDeleting(object.metadata, now)
  return { step: 'mark', object }
}

function checkPreconditions(resource: ServedResource, metadata: ObjectMeta, options: DeletionOptions): void {
  const { group, kind } = resource.info
  const { uid, resourceVersion } = options.preconditions ?? {}
  const refuse = (why: string): never => {
    throw ApiError.conflict(group, kind, metadata.name ?? '', why)
  }
  if (uid && uid !== metadata.uid) {
    refuse(
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion && resourceVersion !== metadata.resourceVersion) {
    refuse(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    )
  }
}

/** Sets the deletion's time and returns its grace period; 0 when the object may go at once. */
function gracefully(
  resource: ServedResource,
  object: StoredKubeObject,
  asked: number | undefined,
  now: number,
): number | 'pending' {
  const { gracefulDeletion } = resource.strategy
  if (!gracefulDeletion) return 0
  const { metadata } = object
  if (!metadata.deletionTimestamp) {
    const seconds = gracefulDeletion.gracePeriodSeconds(object, asked)
    metadata.deletionTimestamp = toTime(now + seconds * 1000)
    metadata.deletionGracePeriodSeconds = seconds
    if (metadata.generation) metadata.generation++
    return seconds
  }
  const running = metadata.deletionGracePeriodSeconds ?? 0
  if (running === 0) return 0
  if (asked === undefined || asked >= running) return 'pending'
  // A running grace period can only be made shorter.
  const ends = (parseTime(metadata.deletionTimestamp) ?? now) + (asked - running) * 1000
  const seconds = ends < now && asked !== 0 ? 1 : asked
  metadata.deletionTimestamp = toTime(Math.max(ends, now))
  metadata.deletionGracePeriodSeconds = seconds
  return seconds
}

/** For kinds that do not end gracefully but have finalizers to wait for. */
function markAsDeleting(metadata: ObjectMeta, now: number): void {
  if (!metadata.deletionTimestamp && metadata.generation) metadata.generation++
  const ends = parseTime(metadata.deletionTimestamp)
  if (ends === undefined || ends > now) metadata.deletionTimestamp = toTime(now)
  metadata.deletionGracePeriodSeconds = 0
}

/** The finalizers with those of the garbage collector as options, object and kind ask for, in this order. */
function finalizersFor(resource: ServedResource, metadata: ObjectMeta, options: DeletionOptions): string[] {
  const policy = propagationPolicy(resource, metadata, options)
  const finalizers = (metadata.finalizers ?? []).filter(
    (finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer,
  )
  if (policy === 'Orphan') finalizers.push(orphanFinalizer)
  if (policy === 'Foreground') finalizers.push(foregroundFinalizer)
  return finalizers
}

/** Kinds whose dependents stay unless the deletion says otherwise, from before there were propagation policies. */
const orphanByDefault = new Set(['jobs.batch', 'replicationcontrollers.'])
/** Kinds that the garbage collector does not look at. */
const withoutDependents = new Set(['events.', 'events.events.k8s.io'])

function propagationPolicy(
  { info }: ServedResource,
  { finalizers }: ObjectMeta,
  options: DeletionOptions,
): 'Orphan' | 'Foreground' | 'Background' {
  const kind = `${info.resource}.${info.group}`
  if (withoutDependents.has(kind)) return 'Background'
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background'
  if (options.propagationPolicy) return options.propagationPolicy
  for (const finalizer of finalizers ?? []) {
    if (finalizer === orphanFinalizer) return 'Orphan'
    if (finalizer === foregroundFinalizer) return 'Foreground'
  }
  return orphanByDefault.has(kind) ? 'Orphan' : 'Background'
}

/** True when an update of an object that waits for its finalizers has taken the last one away. */
export function isEmptied(next: ObjectMeta, old: ObjectMeta): boolean {
  return !next.finalizers?.length && !!old.deletionTimestamp && !old.deletionGracePeriodSeconds
}
