import { randomBytes, randomUUID } from 'node:crypto'
import { ApiError } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { KubeObject, ObjectMeta, OwnerReference, StoredKubeObject } from '../../api/kube-object.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'

/** The object with metadata in place; what `EnsureObjectNamespaceMatchesRequestNamespace` does with its namespace. */
export function withNamespace(object: KubeObject, info: ResourceInfo, namespace: string): StoredKubeObject {
  object.metadata ??= {}
  const wanted = info.namespaced ? namespace : ''
  const { metadata } = object
  if (!wanted) delete metadata.namespace
  else if (!metadata.namespace) metadata.namespace = wanted
  else if (metadata.namespace !== wanted) {
    throw ApiError.badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
  return object as StoredKubeObject
}

/** Drops what a creator may not say. */
export function wipeSystemFields(metadata: ObjectMeta): void {
  delete metadata.creationTimestamp
  delete metadata.uid
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.selfLink
}

export function fillSystemFields(metadata: ObjectMeta, now: string): void {
  metadata.creationTimestamp = now
  metadata.uid = randomUUID()
}

/** No vowels and nothing that looks like another letter, so that no words come out. */
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789'
const suffixLength = 5
const longestName = 63

/** `generateName` with five random letters, cut to 63. */
export function generatedName(prefix: string): string {
  let suffix = ''
  for (const byte of randomBytes(suffixLength)) suffix += suffixLetters[byte % suffixLetters.length]
  return prefix.slice(0, longestName - suffixLength) + suffix
}

/** Drops owner references that are there twice, and warns the client. */
export function dedupOwnerReferences(
  metadata: ObjectMeta,
  warn: (message: string) => void,
  afterAdmission: boolean,
): void {
  const references = metadata.ownerReferences
  if (!references || references.length < 2) return
  const isRepeated = (reference: OwnerReference, index: number): boolean =>
    references.findIndex((other) => other.uid === reference.uid && deepEqual(other, reference)) < index
  const repeated = references.filter(isRepeated)
  if (repeated.length === 0) return
  metadata.ownerReferences = references.filter((reference, index) => !isRepeated(reference, index))
  const uids = repeated.map(({ uid }) => uid).join(', ')
  warn(
    `.metadata.ownerReferences contains duplicate entries${afterAdmission ? ' after mutating admission happens' : ''}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`,
  )
}

/** @throws ApiError BadRequest */
export function checkName(object: KubeObject, name: string): void {
  const given = object.metadata?.name
  if (!given) {
    throw ApiError.badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    )
  }
  if (given !== name) {
    throw ApiError.badRequest(
      `the name of the object (${given}) does not match the name on the URL (${name})`,
    )
  }
}
