import { deepEqual, type JsonObject } from '../../json.ts'
import type { PersistentVolume, PersistentVolumeSpec } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { isDns1123Label, isDns1123Subdomain } from '../formats.ts'
import { validateImmutable } from '../immutable.ts'
import { named, namedIfSet, oneOfIfSet } from '../rules.ts'
import { unifiedDiff } from '../unified-diff.ts'
import type { Validator } from '../validator.ts'
import { validateNodeSelector } from './affinity.ts'
import { validateCsiDriverName } from './csi-driver-name.ts'
import { validateNoBacksteps } from './paths.ts'
import { accessModes } from './persistent-volume-claim.ts'
import { validatePositiveQuantity } from './resources.ts'
import { validateFlexOptions, validateHostPath, validateRequiredFields } from './volumes.ts'

/** What a volume may be, in the order in which upstream looks. */
const sources = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const

function validateSpec(spec: PersistentVolumeSpec, field: Field): void {
  const modes = spec.accessModes ?? []
  if (modes.length === 0) field.at('accessModes').required()
  for (const mode of modes) oneOfIfSet(mode, accessModes, field.at('accessModes'))
  if (modes.includes('ReadWriteOncePod') && modes.length > 1)
    field.at('accessModes').forbidden('may not use ReadWriteOncePod with other access modes')
  const capacity = Object.entries(spec.capacity ?? {})
  if (capacity.length === 0) field.at('capacity').required()
  if (capacity.length > 1 || spec.capacity?.storage === undefined)
    field.at('capacity').notSupported(spec.capacity, ['storage'])
  for (const [name, size] of capacity) validatePositiveQuantity(size, field.at('capacity').key(name))
  oneOfIfSet(
    spec.persistentVolumeReclaimPolicy || undefined,
    ['Delete', 'Recycle', 'Retain'],
    field.at('persistentVolumeReclaimPolicy'),
  )
  if (spec.nodeAffinity) {
    const at = field.at('nodeAffinity', 'required')
    if (spec.nodeAffinity.required) validateNodeSelector(spec.nodeAffinity.required, at)
    else at.required('must specify required node constraints')
  }

  const [first, ...others] = sources.filter((kind) => spec[kind] !== undefined)
  if (!first) field.required('must specify a volume type')
  else {
    validateRequiredFields(first, spec[first] as unknown as JsonObject, field.at(first))
    validateSource(spec, first, field)
  }
  for (const other of others) field.at(other).forbidden('may not specify more than 1 volume type')
  if (spec.hostPath && /^\/+$/.test(spec.hostPath.path) && spec.persistentVolumeReclaimPolicy === 'Recycle')
    field.at('persistentVolumeReclaimPolicy').forbidden("may not be 'recycle' for a hostPath mount of '/'")
  namedIfSet(spec.storageClassName, isDns1123Subdomain, field.at('storageClassName'))
  oneOfIfSet(spec.volumeMode, ['Block', 'Filesystem'], field.at('volumeMode'))
  if (spec.volumeAttributesClassName !== undefined) {
    const at = field.at('volumeAttributesClassName')
    if (spec.volumeAttributesClassName)
      at.check(spec.volumeAttributesClassName, isDns1123Subdomain(spec.volumeAttributesClassName))
    else at.required('an empty string is disallowed')
    if (!spec.csi) field.at('csi').required('has to be specified when using volumeAttributesClassName')
  }
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const

function validateSource(spec: PersistentVolumeSpec, kind: (typeof sources)[number], field: Field): void {
  const at = field.at(kind)
  const { hostPath, nfs, local, csi, flexVolume } = spec
  if (kind === 'hostPath' && hostPath?.path) validateHostPath(hostPath, at)
  else if (kind === 'hostPath') at.at('path').required()
  if (kind === 'nfs' && nfs && !nfs.path.startsWith('/'))
    at.at('path').invalid(nfs.path, 'must be an absolute path')
  if (kind === 'local') {
    if (local?.path) validateNoBacksteps(local.path, at.at('path'))
    if (!spec.nodeAffinity) field.at('nodeAffinity').required('Local volume requires node affinity')
  }
  if (kind === 'flexVolume') validateFlexOptions(flexVolume?.options, at)
  if (kind !== 'csi' || !csi) return
  if (csi.driver) validateCsiDriverName(csi.driver, at.at('driver'))
  if (!csi.volumeHandle) at.at('volumeHandle').required()
  for (const name of csiSecrets) {
    const secret = csi[name]
    if (!secret) continue
    named(secret.name, isDns1123Subdomain, at.at(name, 'name'))
    named(secret.namespace, isDns1123Label, at.at(name, 'namespace'))
  }
}

export const persistentVolumes: Validator<PersistentVolume> = {
  create({ spec }, field) {
    validateSpec(spec ?? {}, field.at('spec'))
  },
  update(next, old, subresource, field) {
    if (subresource === 'status') return
    validateSpec(next.spec ?? {}, field.at('spec'))
    const now = sourceOf(next.spec)
    const before = sourceOf(old.spec)
    if (now.csi && before.csi && !before.csi.controllerExpandSecretRef) {
      const { controllerExpandSecretRef: _, ...csi } = now.csi
      now.csi = csi
    }
    if (!deepEqual(now, before))
      field
        .at('spec', 'persistentvolumesource')
        .forbidden(`spec.persistentvolumesource is immutable after creation\n${unifiedDiff(before, now)}`)
    validateImmutable(next.spec?.volumeMode, old.spec?.volumeMode, field.at('volumeMode'))
    if (old.spec?.nodeAffinity && !deepEqual(next.spec?.nodeAffinity, old.spec.nodeAffinity))
      field
        .at('nodeAffinity')
        .invalid(
          next.spec?.nodeAffinity ?? null,
          'field is immutable, except for updating from beta label to GA',
        )
    if (
      old.spec?.volumeAttributesClassName !== undefined &&
      next.spec?.volumeAttributesClassName === undefined
    )
      field.at('spec', 'volumeAttributesClassName').forbidden('update from non-nil value to nil is forbidden')
  },
}

function sourceOf(spec: PersistentVolumeSpec = {}): Pick<PersistentVolumeSpec, (typeof sources)[number]> {
  return Object.fromEntries(
    sources.filter((kind) => spec[kind] !== undefined).map((kind) => [kind, spec[kind]]),
  )
}
