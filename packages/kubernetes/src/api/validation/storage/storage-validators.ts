import { deepEqual } from '../../json.ts'
import type { TopologySelectorTerm } from '../../types/core-v1.ts'
import type {
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
  VolumeError,
} from '../../types/storage-v1.ts'
import { validateCsiDriverName } from '../core/csi-driver-name.ts'
import type { Field } from '../field.ts'
import { inclusiveRange, isDns1123Subdomain, isQualifiedName } from '../formats.ts'
import { validateImmutable } from '../immutable.ts'
import { oneOfIfSet, Unique } from '../rules.ts'
import type { Validator } from '../validator.ts'
import { csiDrivers, csiNodes, csiStorageCapacities } from './csi.ts'

const mostParameters = 512
const mostBytes = 256 * 1024
const longestError = 1024

function sizeOf(map: Record<string, string> = {}): number {
  return Object.entries(map).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  )
}

function validateProvisioner(name: string | undefined, field: Field): void {
  if (name) field.check(name.toLowerCase(), isQualifiedName(name.toLowerCase()))
  else field.required()
}

function validateParameters(parameters: Record<string, string> = {}, field: Field): void {
  const keys = Object.keys(parameters)
  if (keys.length > mostParameters) {
    field.tooLong(mostParameters)
    return
  }
  if (keys.includes('')) field.invalid('', 'field can not be empty.')
  if (sizeOf(parameters) > mostBytes) field.tooLong(mostBytes)
}

function validateTopology({ matchLabelExpressions = [] }: TopologySelectorTerm, field: Field): void {
  const keys = new Unique()
  for (const [index, { key = '', values = [] }] of matchLabelExpressions.entries()) {
    const at = field.at('matchLabelExpressions').index(index)
    if (values.length === 0) at.at('values').required()
    const seen = new Unique()
    for (const [nth, value] of values.entries()) seen.add(value, at.at('values').index(nth))
    at.at('key').check(key, isQualifiedName(key))
    keys.add(key, at.at('key'))
  }
}

function sortedTopology({ matchLabelExpressions = [] }: TopologySelectorTerm): Record<string, string[]> {
  return Object.fromEntries(matchLabelExpressions.map(({ key, values = [] }) => [key, [...values].sort()]))
}

function validateTopologies(terms: TopologySelectorTerm[], field: Field): void {
  for (const [index, term] of terms.entries()) {
    validateTopology(term, field.index(index))
    const form = sortedTopology(term)
    for (const before of terms.slice(0, index)) {
      if (deepEqual(sortedTopology(before), form))
        field.index(index).at('matchLabelExpressions').duplicate('')
    }
  }
}

const storageClasses: Validator<StorageClass> = {
  create(object, field) {
    validateProvisioner(object.provisioner, field.at('provisioner'))
    validateParameters(object.parameters, field.at('parameters'))
    oneOfIfSet(object.reclaimPolicy || undefined, ['Delete', 'Retain'], field.at('reclaimPolicy'))
    if (object.volumeBindingMode === undefined) field.at('volumeBindingMode').required()
    oneOfIfSet(object.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'], field.at('volumeBindingMode'))
    validateTopologies(object.allowedTopologies ?? [], field.at('allowedTopologies'))
  },
  update(next, old, _subresource, field) {
    for (const name of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const)
      validateImmutable(next[name], old[name], field.at(name))
  },
}

function validateVolumeError(error: VolumeError | undefined, field: Field): void {
  if (!error) return
  if (Buffer.byteLength(error.message ?? '') > longestError) field.at('message').tooLong(mostBytes)
  if ((error.errorCode ?? 0) < 0)
    field.at('errorCode').invalid(error.errorCode, inclusiveRange(0, 2 ** 31 - 1))
}

function validateAttachment({ spec, status }: VolumeAttachment, field: Field): void {
  const at = field.at('spec')
  const { attacher, source = {}, nodeName = '' } = spec ?? {}
  validateCsiDriverName(attacher, at.at('attacher'))
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source
  const exactlyOne = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  if (!inline && name === undefined) at.at('source').required(exactlyOne)
  else if (inline && name !== undefined) at.at('source').forbidden(exactlyOne)
  else if (name === '')
    at.at('source', 'persistentVolumeName').required('must specify non empty persistentVolumeName')
  at.at('nodeName').check(nodeName, isDns1123Subdomain(nodeName))
  const { attachmentMetadata, attachError, detachError } = status ?? {}
  if (sizeOf(attachmentMetadata) > mostBytes) field.at('status', 'attachmentMetadata').tooLong(mostBytes)
  validateVolumeError(attachError, field.at('status', 'attachError'))
  validateVolumeError(detachError, field.at('status', 'detachError'))
  if (name !== undefined) at.at('source', 'persistentVolumeName').check(name, isDns1123Subdomain(name))
}

const volumeAttachments: Validator<VolumeAttachment> = {
  create: validateAttachment,
  update(next, old, _subresource, field) {
    validateAttachment(next, field)
    validateImmutable(next.spec, old.spec, field.at('spec'))
  },
}

function validateAttributesClass({ driverName, parameters = {} }: VolumeAttributesClass, field: Field): void {
  validateProvisioner(driverName, field.at('driverName'))
  validateParameters(parameters, field.at('parameters'))
  if (Object.keys(parameters).length === 0)
    field.at('parameters').required('must contain at least one key/value pair')
}

const volumeAttributesClasses: Validator<VolumeAttributesClass> = {
  create: validateAttributesClass,
  update(next, old, _subresource, field) {
    for (const name of ['driverName', 'parameters'] as const)
      if (!deepEqual(next[name], old[name])) field.at(name).forbidden(`updates to ${name} are forbidden.`)
    validateAttributesClass(next, field)
  },
}

export const storageValidators = {
  'csidrivers.storage.k8s.io': csiDrivers,
  'csinodes.storage.k8s.io': csiNodes,
  'csistoragecapacities.storage.k8s.io': csiStorageCapacities,
  'storageclasses.storage.k8s.io': storageClasses,
  'volumeattachments.storage.k8s.io': volumeAttachments,
  'volumeattributesclasses.storage.k8s.io': volumeAttributesClasses,
}
