import type { JsonObject } from '../../json.ts'
import type { ObjectMeta } from '../../kube-object.ts'
import type { Volume } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { isDns1123Label, isDns1123Subdomain } from '../formats.ts'
import { oneOf } from '../rules.ts'
import { validateCsiDriverName } from './csi-driver-name.ts'
import { validateFieldRef, validateResourceFieldRef, volumeFieldPaths } from './field-refs.ts'
import { validateFileMode, validateFilePath, validateNoBacksteps } from './paths.ts'
import { validateClaimTemplate } from './persistent-volume-claim.ts'
import type { PodOptions } from './pod-options.ts'
import { validateProjectedVolume } from './projected-volume.ts'
import { quantityOf } from './resources.ts'

/** The volumes that are fine, by name: what mounts may refer to. */
export type KnownVolumes = ReadonlyMap<string, Volume>

/** `metadata` is the pod's; absent for templates. */
export function validateVolumes(
  volumes: Volume[],
  metadata: ObjectMeta | undefined,
  field: Field,
  options: PodOptions,
): KnownVolumes {
  const known = new Map<string, Volume>()
  const created = new Set(
    volumes
      .filter((volume) => volume.ephemeral && metadata?.name)
      .map((volume) => `${metadata?.name}-${volume.name}`),
  )
  for (const [index, volume] of volumes.entries()) {
    const here = field.index(index)
    const before = field.causes.length
    validateSource(volume, metadata, here, options)
    if (!volume.name) here.at('name').required()
    else here.at('name').check(volume.name, isDns1123Label(volume.name))
    if (known.has(volume.name)) here.at('name').duplicate(volume.name)
    if (field.causes.length === before) known.set(volume.name, volume)
    const claimName = volume.persistentVolumeClaim?.claimName
    if (claimName && created.has(claimName))
      here
        .at('persistentVolumeClaim', 'claimName')
        .invalid(claimName, 'must not reference a PVC that gets created for an ephemeral volume')
  }
  return known
}

/** The kinds in the order in which upstream looks for them: the first one found is the volume's. */
const kinds = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
] as const

function validateSource(
  volume: Volume,
  metadata: ObjectMeta | undefined,
  field: Field,
  options: PodOptions,
): void {
  const [first, ...others] = kinds.filter((kind) => volume[kind] !== undefined)
  if (!first) field.required('must specify a volume type')
  else {
    validateRequiredFields(first, volume[first] as JsonObject, field.at(first))
    validateKind(volume, first, metadata, field, options)
  }
  for (const other of others) field.at(other).forbidden('may not specify more than 1 volume type')
}

/** Fields without which a source makes no sense; also of persistent volumes. */
const requiredFields: Record<string, string[]> = {
  gitRepo: ['repository'],
  gcePersistentDisk: ['pdName'],
  awsElasticBlockStore: ['volumeID'],
  secret: ['secretName'],
  configMap: ['name'],
  nfs: ['server', 'path'],
  iscsi: ['targetPortal', 'iqn'],
  glusterfs: ['endpoints', 'path'],
  persistentVolumeClaim: ['claimName'],
  rbd: ['monitors', 'image'],
  cinder: ['volumeID'],
  cephfs: ['monitors'],
  quobyte: ['registry', 'volume'],
  flexVolume: ['driver'],
  azureFile: ['secretName', 'shareName'],
  vsphereVolume: ['volumePath'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  azureDisk: ['diskName', 'diskURI'],
  scaleIO: ['gateway', 'system', 'volumeName'],
  csi: ['driver'],
  local: ['path'],
}

export function validateRequiredFields(kind: string, source: JsonObject, field: Field): void {
  for (const name of requiredFields[kind] ?? []) {
    const value = source[name]
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0))
      field.at(name).required()
  }
}

function validateKind(
  volume: Volume,
  kind: (typeof kinds)[number],
  metadata: ObjectMeta | undefined,
  field: Field,
  options: PodOptions,
): void {
  const at = field.at(kind)
  const { emptyDir, hostPath, gitRepo, secret, configMap, nfs, downwardAPI, projected, csi, image } = volume
  switch (kind) {
    case 'emptyDir':
      if (quantityOf(emptyDir?.sizeLimit).nanos < 0n)
        at.at('sizeLimit').forbidden('SizeLimit field must be a valid resource quantity')
      return
    case 'hostPath':
      if (hostPath) validateHostPath(hostPath, at)
      return
    case 'gitRepo':
      if (gitRepo?.directory) validateFilePath(gitRepo.directory, at.at('directory'))
      return
    case 'secret':
    case 'configMap': {
      const source = secret ?? configMap
      validateFileMode(source?.defaultMode, at.at('defaultMode'))
      validateKeyPaths(source?.items ?? [], at.at('items'))
      return
    }
    case 'nfs':
      if (nfs && !nfs.path.startsWith('/')) at.at('path').invalid(nfs.path, 'must be an absolute path')
      return
    case 'downwardAPI':
      validateFileMode(downwardAPI?.defaultMode, at.at('defaultMode'))
      for (const file of downwardAPI?.items ?? []) validateDownwardFile(file, at)
      return
    case 'projected':
      if (projected) validateProjectedVolume(projected, at)
      return
    case 'csi':
      if (!csi) return
      if (csi.driver) validateCsiDriverName(csi.driver, at.at('driver'))
      if (csi.nodePublishSecretRef) {
        const { name = '' } = csi.nodePublishSecretRef
        if (name) at.at('name').check(name, isDns1123Subdomain(name))
        else at.at('nodePublishSecretRef', 'name').required()
      }
      return
    case 'ephemeral': {
      const template = volume.ephemeral?.volumeClaimTemplate
      if (template) validateClaimTemplate(template, at.at('volumeClaimTemplate'))
      else at.at('volumeClaimTemplate').required()
      if (!metadata?.name || !volume.name) return
      const claim = `${metadata.name}-${volume.name}`
      for (const message of isDns1123Subdomain(claim))
        field.at('name').invalid(volume.name, `PVC name ${JSON.stringify(claim)}: ${message}`)
      return
    }
    case 'image':
      if (options.isPod && !image?.reference) at.at('reference').required()
      oneOf(image?.pullPolicy, ['Always', 'IfNotPresent', 'Never'], at.at('pullPolicy'))
      return
    case 'flexVolume':
      validateFlexOptions(volume.flexVolume?.options, at)
  }
}

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]

export function validateHostPath({ path, type }: { path: string; type?: string }, field: Field): void {
  if (!path) {
    field.at('path').required()
    return
  }
  validateNoBacksteps(path, field.at('path'))
  if (type !== undefined && !hostPathTypes.includes(type)) field.at('type').notSupported(type, hostPathTypes)
}

export function validateFlexOptions(options: Record<string, string> | undefined, field: Field): void {
  for (const key of Object.keys(options ?? {})) {
    const namespace = `.${(key.includes('/') ? key.slice(0, key.indexOf('/')) : key).toLowerCase()}`
    if (namespace.endsWith('.kubernetes.io') || namespace.endsWith('.k8s.io'))
      field.at('options').key(key).invalid(key, 'kubernetes.io and k8s.io namespaces are reserved')
  }
}

export function validateKeyPaths(items: { key: string; path: string; mode?: number }[], field: Field): void {
  for (const [index, { key, path, mode }] of items.entries()) {
    const here = field.index(index)
    if (!key) here.at('key').required()
    if (!path) here.at('path').required()
    validateFilePath(path ?? '', here.at('path'))
    validateFileMode(mode, here.at('mode'))
  }
}

type DownwardFile = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number]

export function validateDownwardFile(file: DownwardFile, field: Field): void {
  const { path, fieldRef, resourceFieldRef, mode } = file
  if (!path) field.at('path').required()
  validateFilePath(path ?? '', field.at('path'))
  if (fieldRef) {
    validateFieldRef(fieldRef, volumeFieldPaths, field.at('fieldRef'))
    if (resourceFieldRef)
      field.invalid('resource', 'fieldRef and resourceFieldRef can not be specified simultaneously')
  } else if (resourceFieldRef) validateResourceFieldRef(resourceFieldRef, true, field.at('resourceFieldRef'))
  else field.required('one of fieldRef and resourceFieldRef is required')
  validateFileMode(mode, field.at('mode'))
}
