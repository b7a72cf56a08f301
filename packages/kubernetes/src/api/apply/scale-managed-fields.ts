import type { ManagedFieldsEntry } from '../kube-object.ts'
import { difference, fieldSetOf, hasField, isEmptySet } from './field-set.ts'
import { decodeManagers, encodeManagers, type Managers, withFields } from './managers.ts'

const scaleVersion = 'autoscaling/v1'
const replicasInScale = ['f:spec', 'f:replicas']

/** Where a version of the parent has its replica count, as path elements; undefined for versions without one. */
export type ReplicasPath = (apiVersion: string) => readonly string[] | undefined

/** The managedFields of a Scale: of the parent's, those that own its replica count. */
export function scaleManagedFields(
  parent: ManagedFieldsEntry[] | undefined,
  replicasPath: ReplicasPath,
): ManagedFieldsEntry[] | undefined {
  const managers = decodeManagers(parent ?? [])
  if (typeof managers === 'string') return undefined
  const scale: Managers = new Map()
  for (const [key, { entry: _, ...manager }] of managers) {
    const path = replicasPath(manager.apiVersion)
    if (!path || !hasField(manager.fields, path)) continue
    scale.set(key, { ...manager, apiVersion: scaleVersion, fields: fieldSetOf(replicasInScale) })
  }
  const entries = encodeManagers(scale)
  return entries.length > 0 ? entries : undefined
}

/** The parent's managedFields after its Scale was written and ended up with `scale`. */
export function parentManagedFields(
  parent: ManagedFieldsEntry[] | undefined,
  scale: ManagedFieldsEntry[] | undefined,
  apiVersion: string,
  replicasPath: ReplicasPath,
): ManagedFieldsEntry[] | undefined {
  const managers = decodeManagers(parent ?? [])
  const writers = decodeManagers(scale ?? [])
  if (typeof managers === 'string' || typeof writers === 'string') return parent
  // An entry read from the parent carries the parent's version; in the scale the same writer carries the scale's.
  const identity = (manager: { manager: string; operation: string; subresource: string }): string =>
    `${manager.operation}\n${manager.subresource}\n${manager.manager}`
  const left = new Map([...writers.values()].map((writer) => [identity(writer), writer]))
  for (const [key, manager] of managers) {
    const path = replicasPath(manager.apiVersion)
    if (!path || !hasField(manager.fields, path)) continue
    if (left.delete(identity(manager))) continue
    const rest = difference(manager.fields, fieldSetOf([...path]))
    if (isEmptySet(rest)) managers.delete(key)
    else managers.set(key, withFields(manager, rest, manager.time))
  }
  const path = replicasPath(apiVersion)
  if (path) {
    for (const [name, { entry: _, ...writer }] of left) {
      if (!hasField(writer.fields, replicasInScale)) continue
      managers.set(name, { ...writer, apiVersion, fields: fieldSetOf([...path]) })
    }
  }
  const entries = encodeManagers(managers)
  return entries.length > 0 ? entries : undefined
}
