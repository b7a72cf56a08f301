import { deepEqual } from '../../json.ts'
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
} from '../../types/core-v1.ts'
import type { LabelSelector } from '../../types/meta-v1.ts'
import { Field } from '../field.ts'
import { isDns1123Label, isDns1123Subdomain, isQualifiedName } from '../formats.ts'
import { fieldIsImmutable, validateImmutable } from '../immutable.ts'
import { hasInvalidLabelValue, validateLabelSelector, validateLabels } from '../labels.ts'
import { validateAnnotations } from '../object-meta.ts'
import { namedIfSet, oneOfIfSet } from '../rules.ts'
import { unifiedDiff } from '../unified-diff.ts'
import type { Validator } from '../validator.ts'
import {
  compareText,
  validateNonNegativeQuantity,
  validatePositiveQuantity,
  validateQuotaResourceName,
} from './resources.ts'

export const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

export const persistentVolumeClaims: Validator<PersistentVolumeClaim> = {
  create(claim, field) {
    if (claim.spec) validateClaimSpec(claim.spec, field.at('spec'))
  },
  update(next, old, subresource, field) {
    if (subresource === 'status') {
      validateStatus(next, field.at('status'))
      return
    }
    if (next.spec) validateClaimSpec(next.spec, field.at('spec'), old.spec)
    validateSpecUpdate(next, old, field.at('spec'))
  },
}

export function validateClaimTemplate({ metadata, spec }: PersistentVolumeClaimTemplate, field: Field): void {
  const at = field.at('metadata')
  validateAnnotations(metadata?.annotations, at.at('annotations'))
  validateLabels(metadata?.labels, at.at('labels'))
  for (const name of Object.keys(metadata ?? {}))
    if (name !== 'annotations' && name !== 'labels' && name !== 'creationTimestamp')
      at.at(name).forbidden('cannot be set')
  validateClaimSpec(spec, field.at('spec'))
}

export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec,
  field: Field,
  old?: PersistentVolumeClaimSpec,
): void {
  const modes = spec.accessModes ?? []
  if (modes.length === 0) field.at('accessModes').required('at least 1 access mode is required')
  validateLabelSelector(spec.selector, field.at('selector'), {
    allowInvalidValues: hasInvalidLabelValue(old?.selector as LabelSelector | undefined),
  })
  for (const mode of modes) oneOfIfSet(mode, accessModes, field.at('accessModes'))
  const known = modes.filter((mode) => accessModes.includes(mode))
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod'))
    field.at('accessModes').forbidden('may not use ReadWriteOncePod with other access modes')

  const size = spec.resources?.requests?.storage
  const sizeField = field.at('resources').key('storage')
  if (size === undefined) sizeField.required()
  else validatePositiveQuantity(size, sizeField)

  namedIfSet(spec.storageClassName, isDns1123Subdomain, field.at('storageClassName'))
  oneOfIfSet(spec.volumeMode, ['Block', 'Filesystem'], field.at('volumeMode'))
  validateDataSources(spec, field)
  namedIfSet(spec.volumeAttributesClassName, isDns1123Subdomain, field.at('volumeAttributesClassName'))
}

function validateDataSources({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, field: Field): void {
  for (const [name, source] of Object.entries({ dataSource, dataSourceRef })) {
    if (!source) continue
    const at = field.at(name)
    if (!source.name) at.at('name').required()
    if (!source.kind) at.at('kind').required()
    if (!source.apiGroup && source.kind !== 'PersistentVolumeClaim')
      at.invalid(source.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")
    namedIfSet(source.apiGroup, isDns1123Subdomain, at.at('apiGroup'))
  }
  namedIfSet(dataSourceRef?.namespace, isDns1123Label, field.at('dataSourceRef', 'namespace'))
  if (!dataSource || !dataSourceRef) return
  if (dataSourceRef.namespace)
    field.invalid(
      `${field.path}.dataSource`,
      'may not be specified when dataSourceRef.namespace is specified',
    )
  else if (
    (dataSource.apiGroup ?? '') !== (dataSourceRef.apiGroup ?? '') ||
    dataSource.kind !== dataSourceRef.kind ||
    dataSource.name !== dataSourceRef.name
  )
    field.invalid(`${field.path}.dataSource`, 'must match dataSourceRef')
}

const betaClass = 'volume.beta.kubernetes.io/storage-class'

/** Only the size may grow once a claim is bound; its volume and class are named once. */
function validateSpecUpdate(next: PersistentVolumeClaim, old: PersistentVolumeClaim, field: Field): void {
  const spec: PersistentVolumeClaimSpec = { ...next.spec }
  const before: PersistentVolumeClaimSpec = { ...old.spec }
  if (!before.volumeName && spec.volumeName) before.volumeName = spec.volumeName

  const annotation = old.metadata.annotations?.[betaClass]
  const isNewlyNamed = spec.storageClassName !== undefined && before.storageClassName === undefined
  if (isNewlyNamed && (annotation === undefined || spec.storageClassName === annotation))
    delete spec.storageClassName
  else if (next.metadata.annotations?.[betaClass] !== annotation)
    new Field(field.causes, 'metadata.annotations')
      .at(betaClass)
      .invalid(next.metadata.annotations?.[betaClass] ?? '', fieldIsImmutable)

  const size = spec.resources?.requests?.storage
  const oldSize = before.resources?.requests?.storage
  if (next.status?.phase === 'Bound') {
    if (size !== undefined && oldSize !== undefined)
      spec.resources = { ...spec.resources, requests: { ...spec.resources?.requests, storage: oldSize } }
    delete spec.volumeAttributesClassName
    delete before.volumeAttributesClassName
  }
  if (!deepEqual(spec, before)) {
    const what = 'resources.requests and volumeAttributesClassName for bound claims'
    field.forbidden(`spec is immutable after creation except ${what}\n${unifiedDiff(before, spec)}`)
  }
  // An expansion that failed may be taken back, but not below what there is.
  if (compareText(size, oldSize) < 0 && compareText(size, old.status?.capacity?.storage) <= 0)
    field.at('resources', 'requests', 'storage').forbidden('field can not be less than status.capacity')
  validateImmutable(next.spec?.volumeMode, old.spec?.volumeMode, new Field(field.causes, 'volumeMode'))

  const attributes = next.spec?.volumeAttributesClassName
  if (attributes === old.spec?.volumeAttributesClassName || !old.status?.currentVolumeAttributesClassName)
    return
  const what = attributes === undefined ? 'nil' : attributes === '' ? 'empty string' : undefined
  if (what)
    field
      .at('volumeAttributesClassName')
      .forbidden(`update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`)
}

function validateStatus({ status }: PersistentVolumeClaim, field: Field): void {
  for (const [name, quantity] of Object.entries(status?.capacity ?? {}))
    validateNonNegativeQuantity(quantity, field.at('capacity').key(name))
  for (const name of Object.keys(status?.allocatedResourceStatuses ?? {})) {
    const at = field.at('allocatedResourceStatuses').key(name)
    at.check(name, isQualifiedName(name))
  }
  for (const [name, quantity] of Object.entries(status?.allocatedResources ?? {})) {
    const at = field.at('allocatedResources').key(name)
    if (name !== 'storage') validateQuotaResourceName(name, at)
    validateNonNegativeQuantity(quantity, at)
  }
}
