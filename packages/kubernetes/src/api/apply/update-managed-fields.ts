import { deepEqual } from '../json.ts'
import type { KubeObject, ManagedFieldsEntry } from '../kube-object.ts'
import type { SchemaNode } from '../schema/schema-node.ts'
import { isSame } from './compare.ts'
import { type FieldsV1, isEmptySet, noFields, recursiveDifference, union } from './field-set.ts'
import {
  capUpdaters,
  decodeManagers,
  disown,
  encodeManagers,
  type Managers,
  managerKey,
  withFields,
} from './managers.ts'
import {
  Comparisons,
  type ConvertVersion,
  changed,
  ownable,
  reconcileSchema,
  withoutManagedFields,
} from './ownership.ts'

export interface FieldTracking {
  /** Field manager of the request; `unknown` when empty. */
  manager: string
  /** Schema of `apiVersion`, the version that the request speaks. */
  node: SchemaNode
  apiVersion: string
  /** '' for the resource itself. */
  subresource: string
  /** What the strategy resets at this endpoint: never owned through it. */
  resetFields?: FieldsV1
  /** RFC 3339, for entries that change. */
  now: string
  /** Needed where versions of a kind differ in shape. */
  convert?: ConvertVersion
}

/**
 * `metadata.managedFields` after an ordinary create (no `live`), update or patch: what changed belongs to the manager
 * now, and to nobody else. Entries that own the same as before stay the same objects, times included; a write that
 * changes nothing gives back `live`'s list itself. Objects that nobody tracks stay untracked. Writers that keep no books
 * (hot control-plane loops) simply do not call this and carry `live`'s list over.
 */
export function updateManagedFields(
  options: FieldTracking & { live: KubeObject | undefined; next: KubeObject },
): ManagedFieldsEntry[] | undefined {
  const { live, next, subresource } = options
  const before = live?.metadata?.managedFields
  const given = next.metadata?.managedFields
  const sent = subresource !== '' || !given?.length || given === before ? before : given
  if (subresource === '' && isReset(given)) return undefined
  if (live && !sent?.length) return undefined

  const comparisons = new Comparisons(withoutManagedFields(live ?? {}), withoutManagedFields(next), {
    ...options,
    reset: options.resetFields ?? noFields,
  })
  if (live && isSame(comparisons.own) && (sent === before || deepEqual(sent, before))) return before

  let managers = decodeManagers(sent ?? [])
  if (typeof managers === 'string') managers = decodeManagers(before ?? [])
  if (typeof managers === 'string') managers = new Map() as Managers
  if (live && managers.size === 0) return undefined
  reconcileSchema(managers, options.node)
  takeOver(managers, comparisons, options)
  capUpdaters(managers)
  const entries = encodeManagers(managers)
  if (entries.length === 0) return undefined
  const isUnchanged = entries.length === before?.length && entries.every((entry, i) => entry === before[i])
  return isUnchanged ? before : entries
}

/** Gives what changed to the writer of an ordinary update and takes it from everyone else. */
export function takeOver(managers: Managers, comparisons: Comparisons, options: FieldTracking): void {
  for (const [key, manager] of managers) {
    const comparison = comparisons.in(manager.apiVersion)
    if (!comparison) managers.delete(key)
    else disown(managers, key, union(changed(comparison), comparison.removed))
  }
  const taken = ownable(recursiveDifference(changed(comparisons.own), options.resetFields ?? noFields))
  if (isEmptySet(taken)) return
  const self = {
    manager: options.manager || 'unknown',
    operation: 'Update' as const,
    apiVersion: options.apiVersion,
    subresource: options.subresource,
    time: options.now,
    fields: taken,
  }
  const key = managerKey(self)
  const previous = managers.get(key)
  managers.set(key, previous ? withFields(previous, union(taken, previous.fields), options.now) : self)
}

/** `[]` and `[{}]` ask for tracking to be dropped. */
function isReset(entries: ManagedFieldsEntry[] | undefined): boolean {
  if (!entries) return false
  return entries.length === 0 || (entries.length === 1 && Object.keys(entries[0] ?? {}).length === 0)
}

/**
 * A write that changed nothing but times in managedFields is no change: `next` with the old times then, else `next`
 * itself. Called before the registry decides whether there is anything to store.
 */
export function keepTimes<T extends KubeObject>(next: T, live: KubeObject): T {
  const after = next.metadata?.managedFields
  const before = live.metadata?.managedFields
  if (!after?.length || after === before || after.length !== before?.length) return next
  for (const [index, entry] of after.entries()) {
    const old = before[index]
    if (entry !== old && !deepEqual({ ...entry, time: undefined }, { ...old, time: undefined })) return next
  }
  if (!deepEqual(withoutManagedFields(next), withoutManagedFields(live))) return next
  return { ...next, metadata: { ...next.metadata, managedFields: before } }
}
