import { ApiError, type StatusCause } from '../api-error.ts'
import { deepEqual } from '../json.ts'
import type { KubeObject } from '../kube-object.ts'
import type { SchemaNode } from '../schema/schema-node.ts'
import { compare } from './compare.ts'
import {
  difference,
  eachField,
  type FieldsV1,
  hasField,
  intersection,
  isEmptySet,
  noFields,
  printPath,
  recursiveDifference,
  union,
} from './field-set.ts'
import { lastAppliedOf, withLastApplied } from './last-applied.ts'
import {
  capUpdaters,
  decodeManagers,
  disown,
  encodeManagers,
  type Manager,
  type Managers,
  managerKey,
} from './managers.ts'
import { mergeTyped } from './merge.ts'
import {
  Comparisons,
  changed,
  ownable,
  reconcileSchema,
  type Versioned,
  withManagedFields,
  withoutManagedFields,
  withStructFields,
} from './ownership.ts'
import { removeFields } from './remove-fields.ts'
import { toFieldSet } from './to-field-set.ts'
import { typeErrors } from './type-errors.ts'
import { type FieldTracking, takeOver } from './update-managed-fields.ts'

export interface Apply extends FieldTracking {
  /** The stored object in version `apiVersion`; absent when applying creates it. */
  live: KubeObject | undefined
  /** What the client sent. */
  applied: KubeObject
  /** Takes over fields of other managers instead of reporting conflicts. */
  force: boolean
  /** Kind that `applied` has to be of; not checked when absent. */
  kind?: string
}

/**
 * Server-side apply: `live` with `applied` merged over it along the schema, without the fields that this manager applied
 * before, does not any more, and nobody else owns; managedFields brought up to date. The result is not defaulted yet. A
 * manager's time is kept when the object stays as it was. Changes none of its arguments.
 *
 * @throws ApiError 409 with a `FieldManagerConflict` cause per field, 400 for a wrong type, 500 (as upstream) for fields
 * or values that the schema does not know
 */
export function applyServerSide(options: Apply): KubeObject {
  const { applied, node, apiVersion } = options
  if ((options.kind && applied.kind !== options.kind) || (applied.apiVersion ?? '') !== apiVersion)
    throw ApiError.badRequest(`invalid object type: ${kindText(applied)}`)
  if (applied.metadata?.managedFields !== undefined && applied.metadata.managedFields !== null)
    throw ApiError.badRequest('metadata.managedFields must be nil')
  const problem = typeErrors(applied, node)
  if (problem) {
    const { namespace = '', name = '' } = applied.metadata ?? {}
    throw new ApiError(
      '',
      `failed to create typed patch object (${namespace}/${name}; ${kindText(applied)}): ${problem}`,
    )
  }
  const live = withoutManagedFields(options.live ?? {})
  const managers = managersOf(live, options)
  let outcome = attempt(live, managers, options, options.force)
  if ('conflicts' in outcome) {
    // Who applied with the client's own means before owns what its annotation says, unless somebody changed it since.
    const allowed = options.manager === 'kubectl' ? ownedByLastApplied(live, node, apiVersion) : undefined
    const remaining = allowed
      ? outcome.conflicts.filter((conflict) => !hasField(allowed, conflict.path))
      : outcome.conflicts
    if (remaining.length > 0) throw conflictError(remaining)
    outcome = attempt(live, managersOf(live, options), options, true)
    if ('conflicts' in outcome) throw conflictError(outcome.conflicts)
  }
  const { object } = outcome
  const result =
    options.manager === 'kubectl' && lastAppliedOf(object) ? withLastApplied(object, applied) : object
  return withManagedFields(result, encodeManagers(outcome.managers))
}

function managersOf(live: KubeObject, options: Apply): Managers {
  const managers = decodeManagers(options.live?.metadata?.managedFields ?? [])
  if (typeof managers === 'string') throw new ApiError('', `failed to decode managed fields: ${managers}`)
  if (managers.size === 0 && options.live) {
    // Fields of an object that nobody tracked belong to whoever wrote it.
    const comparisons = new Comparisons({}, live, { ...options, reset: options.resetFields ?? noFields })
    takeOver(managers, comparisons, { ...options, manager: 'before-first-apply' })
    capUpdaters(managers)
  }
  reconcileSchema(managers, options.node)
  return managers
}

interface Conflict {
  manager: Manager
  path: string[]
}

function attempt(
  live: KubeObject,
  managers: Managers,
  options: Apply,
  force: boolean,
): { object: KubeObject; managers: Managers } | { conflicts: Conflict[] } {
  const { applied, node, apiVersion } = options
  const reset = options.resetFields ?? noFields
  const self: Manager = {
    manager: options.manager || 'unknown',
    operation: 'Apply',
    apiVersion,
    subresource: options.subresource,
    time: undefined,
    fields: recursiveDifference(toFieldSet(applied, node), reset),
  }
  const key = managerKey(self)
  const last = managers.get(key)
  managers.set(key, self)

  const merged = mergeTyped(live, applied, node) as KubeObject
  const object = prune(merged, managers, self, last, options)
  const comparisons = new Comparisons(live, object, { ...options, reset })

  const conflicts: Conflict[] = []
  for (const [other, manager] of managers) {
    if (other === key) continue
    const comparison = comparisons.in(manager.apiVersion)
    if (!comparison) {
      managers.delete(other)
      continue
    }
    const contested = intersection(manager.fields, changed(comparison))
    if (!isEmptySet(contested) && !force) eachField(contested, (path) => conflicts.push({ manager, path }))
    disown(managers, other, union(contested, comparison.removed))
  }
  if (conflicts.length > 0) return { conflicts }

  const isNoop = options.live !== undefined && deepEqual(live, object)
  const fields = ownable(self.fields)
  if (isEmptySet(fields)) managers.delete(key)
  else {
    const time = isNoop ? last?.time : options.now
    const isUnchanged =
      last && last.apiVersion === apiVersion && last.time === time && deepEqual(last.fields, fields)
    managers.set(key, isUnchanged ? last : { ...self, fields, time })
  }
  return { object: isNoop ? live : object, managers }
}

/**
 * Takes out what the manager applied last time and does not now, except what others own and what was not its to
 * remove.
 */
function prune(
  merged: KubeObject,
  managers: Managers,
  self: Manager,
  last: Manager | undefined,
  options: Apply,
): KubeObject {
  if (!last || isEmptySet(last.fields)) return merged
  if (last.apiVersion === self.apiVersion && isEmptySet(difference(last.fields, self.fields))) return merged

  const inVersion = (object: KubeObject, apiVersion: string): Versioned | undefined =>
    apiVersion === object.apiVersion || !options.convert
      ? { object, node: options.node }
      : options.convert(object, apiVersion)

  const base = inVersion(merged, last.apiVersion)
  if (!base) return merged
  let pruned = removeFields(base.object, withStructFields(last.fields, base.node), base.node) as KubeObject

  const owned = new Map<string, FieldsV1>([[last.apiVersion, noFields]])
  for (const manager of managers.values())
    owned.set(manager.apiVersion, union(owned.get(manager.apiVersion) ?? noFields, manager.fields))
  let whole = base.object
  for (const [apiVersion, fields] of owned) {
    const from = inVersion(whole, apiVersion)
    const to = inVersion(pruned, apiVersion)
    if (!from || !to) continue
    const kept = union(fieldsOf(to.object, to.node), withStructFields(fields, from.node))
    pruned = removeFields(
      from.object,
      difference(fieldsOf(from.object, from.node), kept),
      from.node,
    ) as KubeObject
    whole = from.object
  }

  const end = inVersion(pruned, last.apiVersion)
  if (!end) return merged
  const gone = difference(fieldsOf(base.object, base.node), fieldsOf(end.object, end.node))
  const result = removeFields(
    base.object,
    intersection(gone, withStructFields(last.fields, base.node)),
    base.node,
  ) as KubeObject
  return inVersion(result, self.apiVersion)?.object ?? merged
}

function fieldsOf(object: KubeObject, node: SchemaNode): FieldsV1 {
  return withStructFields(toFieldSet(object, node), node)
}

/** Fields that the `last-applied-configuration` annotation names and that still are as it says. */
function ownedByLastApplied(live: KubeObject, node: SchemaNode, apiVersion: string): FieldsV1 | undefined {
  const text = lastAppliedOf(live)
  if (!text) return undefined
  let last: KubeObject
  try {
    last = JSON.parse(text) as KubeObject
  } catch {
    return undefined
  }
  if (last.apiVersion !== apiVersion || typeErrors(last, node) !== '') return undefined
  const comparison = compare(last, live, node)
  return difference(toFieldSet(last, node), union(changed(comparison), comparison.removed))
}

function conflictError(conflicts: Conflict[]): ApiError {
  const print = (manager: Manager): string => {
    const name = JSON.stringify(manager.manager)
    const by = manager.subresource ? `${name} with subresource ${JSON.stringify(manager.subresource)}` : name
    return manager.operation === 'Update' ? `${by} using ${manager.apiVersion}` : by
  }
  const sorted = [...conflicts].sort((a, b) => {
    const [left, right] = [print(a.manager), print(b.manager)]
    return left < right ? -1 : left > right ? 1 : 0
  })
  const causes = sorted.map(
    (conflict): StatusCause => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${print(conflict.manager)}`,
      field: printPath(conflict.path),
    }),
  )
  const [only] = causes
  let message: string
  if (causes.length === 1 && only) message = `Apply failed with 1 conflict: ${only.message}: ${only.field}`
  else {
    const lines: string[] = []
    for (const [index, cause] of causes.entries()) {
      if (cause.message !== causes[index - 1]?.message)
        lines.push(`${cause.message?.replace('conflict with', 'conflicts with')}:`)
      lines.push(`- ${cause.field}`)
    }
    message = `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`
  }
  return new ApiError('Conflict', message, { causes })
}

/** A type as Go prints it: `apps/v1, Kind=Deployment`. */
function kindText(object: KubeObject): string {
  const version = object.apiVersion ?? ''
  return `${version.includes('/') ? version : `/${version}`}, Kind=${object.kind ?? ''}`
}
