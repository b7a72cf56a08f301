import { strategyFor } from '../../apiserver/registry/strategy.ts'
import type { StatusCause } from '../api-error.ts'
import { applyDefaults } from '../defaults/apply-defaults.ts'
import { cloneJson } from '../json.ts'
import type { KubeObject, StoredKubeObject } from '../kube-object.ts'
import type { ResourceInfo } from '../resource-info.ts'
import { builtinResources } from '../resources.ts'
import { schemaOf } from '../schema/schemas.ts'
import { conform } from '../structure/conform.ts'
import { validateCreate, validateUpdate } from './validate.ts'

// For tests: objects go the way to validation that the server sends them.

const now = '2026-01-01T00:00:00Z'
const user = { username: 'admin', groups: ['system:masters'] }

export function resourceNamed(name: string): ResourceInfo {
  const found = builtinResources.find(({ resource, group }) => `${resource}.${group}` === name)
  if (!found) throw new Error(`no resource ${name}`)
  return found
}

/** Decoded and defaulted. */
function received(resource: ResourceInfo, object: KubeObject): StoredKubeObject {
  const conformed = conform(schemaOf(resource.schema!), cloneJson(object)) as KubeObject
  applyDefaults(resource, conformed)
  const metadata = { ...conformed.metadata }
  if (resource.namespaced) metadata.namespace ??= 'default'
  return { ...conformed, metadata }
}

/** A new object as validation sees it, and as the store has it later. */
export function created(name: string, object: KubeObject): StoredKubeObject {
  const resource = resourceNamed(name)
  const made = received(resource, { apiVersion: 'x/v1', kind: resource.kind, ...object })
  made.metadata = { name: 'it', uid: 'uid-1', creationTimestamp: now, ...made.metadata }
  strategyFor(resource).prepareForCreate(made, { now, user, subresource: '' })
  return made
}

const text = (causes: StatusCause[]): string[] => causes.map(({ field, message }) => `${field}: ${message}`)

/** What is wrong with a new object: `path: message`. */
export function createProblems(name: string, object: KubeObject): string[] {
  return text(validateCreate(resourceNamed(name), created(name, object)))
}

/** What is wrong with a change of `old` (from `created`) by `change`. */
export function updateProblems(
  name: string,
  old: StoredKubeObject,
  change: (next: StoredKubeObject) => unknown,
  subresource = '',
): string[] {
  const resource = resourceNamed(name)
  const stored: StoredKubeObject = { ...old, metadata: { ...old.metadata, resourceVersion: '1' } }
  const changed = cloneJson(stored)
  change(changed)
  const next = received(resource, changed)
  strategyFor(resource).prepareForUpdate(next, stored, { now, user, subresource })
  return text(validateUpdate(resource, next, stored, subresource))
}
