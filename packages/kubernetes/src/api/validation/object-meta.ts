import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../kube-object.ts'
import { parseApiVersion } from '../resource-info.ts'
import type { Field } from './field.ts'
import { type FormatCheck, isDns1123Label, isQualifiedName } from './formats.ts'
import { validateImmutable } from './immutable.ts'
import { validateLabels } from './labels.ts'

const mostAnnotationBytes = 256 * 1024
const longestManager = 128
const longestSubresource = 256

/**
 * Metadata of a new object. `checkName` is the kind's rule for names; a `generateName` has to be a possible beginning of
 * one.
 */
export function validateObjectMeta(
  metadata: ObjectMeta,
  namespaced: boolean,
  checkName: FormatCheck,
  field: Field,
): void {
  const { name, generateName, namespace, generation, finalizers = [] } = metadata
  if (generateName) field.at('generateName').check(generateName, checkName(maskTrailingDash(generateName)))
  if (name) field.at('name').check(name, checkName(name))
  else field.at('name').required('name or generateName is required')

  if (!namespaced) {
    if (namespace) field.at('namespace').forbidden('not allowed on this type')
  } else if (namespace) field.at('namespace').check(namespace, isDns1123Label(namespace))
  else field.at('namespace').required()

  if ((generation ?? 0) < 0) field.at('generation').invalid(generation, 'must be greater than or equal to 0')
  validateLabels(metadata.labels, field.at('labels'))
  validateAnnotations(metadata.annotations, field.at('annotations'))
  validateOwnerReferences(metadata.ownerReferences ?? [], field.at('ownerReferences'))
  for (const finalizer of finalizers) field.at('finalizers').check(finalizer, isQualifiedName(finalizer))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion'))
    field.at('finalizers').invalid(finalizers, 'finalizer orphan and foregroundDeletion cannot be both set')
  validateManagedFields(metadata.managedFields ?? [], field.at('managedFields'))
}

/** A name is checked with a letter in the place of the dash that the generated part follows. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name
}

/** Metadata of a changed object. */
export function validateObjectMetaUpdate(next: ObjectMeta, old: ObjectMeta, field: Field): void {
  if (old.deletionTimestamp) {
    const known = new Set(old.finalizers)
    const added = (next.finalizers ?? []).filter((finalizer) => !known.has(finalizer)).sort()
    if (added.length > 0) {
      const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ')
      field
        .at('finalizers')
        .forbidden(
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
        )
    }
  }
  if (!next.resourceVersion)
    field.at('resourceVersion').invalid(next.resourceVersion ?? '', 'must be specified for an update')
  if ((next.generation ?? 0) < (old.generation ?? 0))
    field.at('generation').invalid(next.generation ?? 0, 'must not be decremented')
  const immutable = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const
  for (const name of immutable) validateImmutable(next[name], old[name], field.at(name))
  validateLabels(next.labels, field.at('labels'))
  validateAnnotations(next.annotations, field.at('annotations'))
  validateOwnerReferences(next.ownerReferences ?? [], field.at('ownerReferences'))
  validateManagedFields(next.managedFields ?? [], field.at('managedFields'))
}

export function validateAnnotations(annotations: Record<string, string> | undefined, field: Field): void {
  let size = 0
  for (const key in annotations) {
    field.check(key, isQualifiedName(key.toLowerCase()))
    size += Buffer.byteLength(key) + Buffer.byteLength(annotations[key] ?? '')
  }
  if (size > mostAnnotationBytes) field.tooLong(mostAnnotationBytes)
}

function validateOwnerReferences(references: readonly OwnerReference[], field: Field): void {
  let controller = ''
  for (const reference of references) {
    const { apiVersion, kind, name, uid } = reference
    if (!parseApiVersion(apiVersion ?? '').version)
      field.at('apiVersion').invalid(apiVersion ?? '', 'version must not be empty')
    for (const [key, value] of Object.entries({ kind, name, uid }))
      if (!value) field.at(key).invalid(value ?? '', 'must not be empty')
    if (apiVersion === 'v1' && kind === 'Event')
      field.invalid(reference, '/v1, Kind=Event is disallowed from being an owner')
    if (!reference.controller) continue
    const current = `${kind}/${name}`
    if (controller) {
      field.invalid(
        references,
        `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`,
      )
    } else controller = current
  }
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[], field: Field): void {
  for (const [index, entry] of entries.entries()) {
    const at = field.index(index)
    const { operation, fieldsType, manager = '', subresource = '' } = entry
    if (operation !== 'Apply' && operation !== 'Update')
      at.at('operation').invalid(operation ?? '', 'must be `Apply` or `Update`')
    if (fieldsType && fieldsType !== 'FieldsV1') at.at('fieldsType').invalid(fieldsType, 'must be `FieldsV1`')
    validateFieldManager(manager, at.at('manager'))
    if (subresource.length > longestSubresource) at.at('subresource').tooLong(longestSubresource)
  }
}

/** The name of a field manager, also in request options. */
export function validateFieldManager(manager: string, field: Field): void {
  if (Buffer.byteLength(manager) > longestManager) field.tooLong(longestManager)
  for (const { 0: character, index } of manager.matchAll(/[\p{C}\p{Zl}\p{Zp}]/gu)) {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    field.invalid(manager, `invalid character U+${code} (at position ${index})`)
  }
}
