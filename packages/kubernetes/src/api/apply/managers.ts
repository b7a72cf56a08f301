import { deepEqual, isJsonObject } from '../json.ts'
import type { ManagedFieldsEntry } from '../kube-object.ts'
import { difference, type FieldsV1, isEmptySet, noFields, sortFields, union } from './field-set.ts'

/** One writer of an object and the fields it owns. Values are immutable. */
export interface Manager {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  readonly time: string | undefined
  readonly fields: FieldsV1
  /** The entry it was read from, given out again while nothing has changed. */
  readonly entry?: ManagedFieldsEntry
}

/** What tells writers apart; an applier is the same over all versions. */
export function managerKey(
  manager: Pick<Manager, 'manager' | 'operation' | 'apiVersion' | 'subresource'>,
): string {
  const version = manager.operation === 'Apply' ? '' : manager.apiVersion
  return `${manager.operation}\n${version}\n${manager.subresource}\n${manager.manager}`
}

export type Managers = Map<string, Manager>

/** @returns why these are no managed fields, or the managers. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[]): Managers | string {
  const managers: Managers = new Map()
  for (const [index, entry] of entries.entries()) {
    if (entry.operation !== 'Apply' && entry.operation !== 'Update')
      return 'operation must be `Apply` or `Update`'
    if (!entry.apiVersion) return 'apiVersion must not be empty'
    if (!entry.fieldsType) return `missing fieldsType in managed fields entry ${index}`
    if (entry.fieldsType !== 'FieldsV1')
      return `invalid fieldsType "${entry.fieldsType}" in managed fields entry ${index}`
    const manager: Manager = {
      manager: entry.manager ?? '',
      operation: entry.operation,
      apiVersion: entry.apiVersion,
      subresource: entry.subresource ?? '',
      time: entry.time ?? undefined,
      fields: isJsonObject(entry.fieldsV1) ? (entry.fieldsV1 as FieldsV1) : noFields,
      entry,
    }
    managers.set(managerKey(manager), manager)
  }
  return managers
}

/** The entries of `metadata.managedFields`, in upstream's order; unchanged ones are given back as they were. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] {
  const seconds = (manager: Manager): number =>
    manager.time ? Math.floor(Date.parse(manager.time) / 1000) : 0
  const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return [...managers.values()]
    .sort(
      (a, b) =>
        text(a.operation, b.operation) ||
        seconds(a) - seconds(b) ||
        text(a.manager, b.manager) ||
        text(a.apiVersion, b.apiVersion) ||
        text(a.subresource, b.subresource),
    )
    .map(
      (manager) =>
        manager.entry ?? {
          ...(manager.manager && { manager: manager.manager }),
          operation: manager.operation,
          apiVersion: manager.apiVersion,
          ...(manager.time && { time: manager.time }),
          fieldsType: 'FieldsV1',
          fieldsV1: sortFields(manager.fields) as ManagedFieldsEntry['fieldsV1'] & object,
          ...(manager.subresource && { subresource: manager.subresource }),
        },
    )
}

/** The same writer with other fields (or time); the same object when nothing differs. */
export function withFields(manager: Manager, fields: FieldsV1, time: string | undefined): Manager {
  if (fields === manager.fields && time === manager.time) return manager
  if (time === manager.time && deepEqual(fields, manager.fields)) return manager
  const { entry: _, ...rest } = manager
  return { ...rest, fields, time }
}

/** Takes `fields` away from a writer, and the writer away when nothing is left. */
export function disown(managers: Managers, key: string, fields: FieldsV1): void {
  const manager = managers.get(key)
  if (!manager) return
  const rest = difference(manager.fields, fields)
  if (isEmptySet(rest)) managers.delete(key)
  else managers.set(key, withFields(manager, rest, manager.time))
}

const maxUpdaters = 10

/** Keeps at most ten `Update` entries: the oldest of a version melt into one named `ancient-changes`. */
export function capUpdaters(managers: Managers): void {
  let count = 0
  for (const manager of managers.values()) if (manager.operation === 'Update') count++
  if (count <= maxUpdaters) return
  const seconds = (manager: Manager): number =>
    manager.time ? Math.floor(Date.parse(manager.time) / 1000) : 0
  const updaters = [...managers]
    .filter(([, manager]) => manager.operation === 'Update')
    .sort(([a, left], [b, right]) => seconds(left) - seconds(right) || (a < b ? -1 : 1))
  const firstOfVersion = new Map<string, string>()
  for (const [key, manager] of updaters) {
    if (count <= maxUpdaters) return
    const first = firstOfVersion.get(manager.apiVersion)
    if (first === undefined) {
      firstOfVersion.set(manager.apiVersion, key)
      continue
    }
    const ancient = {
      manager: 'ancient-changes',
      operation: 'Update',
      apiVersion: manager.apiVersion,
      subresource: '',
    } as const
    const bucket = managerKey(ancient)
    const base = managers.get(bucket) ?? managers.get(first)
    if (!managers.has(bucket)) managers.delete(first)
    managers.delete(key)
    managers.set(bucket, {
      ...ancient,
      time: manager.time,
      fields: union(manager.fields, base?.fields ?? noFields),
    })
    count--
  }
}
