import type { StoredKubeObject } from '../../../api/kube-object.ts'

interface Named {
  name?: string
}

interface Container {
  envFrom?: { secretRef?: Named; configMapRef?: Named }[]
  env?: { valueFrom?: { secretKeyRef?: Named; configMapKeyRef?: Named } }[]
}

interface Volume {
  name: string
  secret?: { secretName?: string }
  configMap?: Named
  projected?: { sources?: { secret?: Named; configMap?: Named }[] }
  persistentVolumeClaim?: { claimName?: string }
  ephemeral?: object
  azureFile?: { secretName?: string }
  csi?: { nodePublishSecretRef?: Named }
  /** cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos. */
  [source: string]: unknown
}

export interface PodWithReferences extends StoredKubeObject {
  spec: {
    nodeName?: string
    serviceAccountName?: string
    imagePullSecrets?: Named[]
    containers?: Container[]
    initContainers?: Container[]
    ephemeralContainers?: Container[]
    volumes?: Volume[]
    resourceClaims?: { name: string; resourceClaimName?: string; resourceClaimTemplateName?: string }[]
  }
  status?: { resourceClaimStatuses?: { name: string; resourceClaimName?: string }[] }
}

/** Names of the secrets of its own namespace that a pod uses. */
export function secretsOf(pod: PodWithReferences): Set<string> {
  const names = new Set<string>()
  const add = (name: string | undefined): void => {
    if (name) names.add(name)
  }
  for (const { name } of pod.spec.imagePullSecrets ?? []) add(name)
  for (const container of containersOf(pod)) {
    for (const { secretRef } of container.envFrom ?? []) add(secretRef?.name)
    for (const { valueFrom } of container.env ?? []) add(valueFrom?.secretKeyRef?.name)
  }
  for (const volume of pod.spec.volumes ?? []) {
    add(volume.secret?.secretName)
    add(volume.azureFile?.secretName)
    add(volume.csi?.nodePublishSecretRef?.name)
    for (const source of volume.projected?.sources ?? []) add(source.secret?.name)
    for (const source of ['cephfs', 'cinder', 'flexVolume', 'rbd', 'scaleIO', 'iscsi', 'storageos']) {
      add((volume[source] as { secretRef?: Named } | undefined)?.secretRef?.name)
    }
  }
  return names
}

/** Names of the config maps of its own namespace that a pod uses. */
export function configMapsOf(pod: PodWithReferences): Set<string> {
  const names = new Set<string>()
  const add = (name: string | undefined): void => {
    if (name) names.add(name)
  }
  for (const container of containersOf(pod)) {
    for (const { configMapRef } of container.envFrom ?? []) add(configMapRef?.name)
    for (const { valueFrom } of container.env ?? []) add(valueFrom?.configMapKeyRef?.name)
  }
  for (const volume of pod.spec.volumes ?? []) {
    add(volume.configMap?.name)
    for (const source of volume.projected?.sources ?? []) add(source.configMap?.name)
  }
  return names
}

/** Names of the claims of its own namespace that a pod uses, generic ephemeral ones among them. */
export function claimsOf(pod: PodWithReferences): Set<string> {
  const names = new Set<string>()
  for (const volume of pod.spec.volumes ?? []) {
    if (volume.persistentVolumeClaim?.claimName) names.add(volume.persistentVolumeClaim.claimName)
    else if (volume.ephemeral) names.add(`${pod.metadata.name}-${volume.name}`)
  }
  return names
}

/** Names of the resource claims (DRA) that a pod uses. */
export function resourceClaimsOf(pod: PodWithReferences): Set<string> {
  const names = new Set<string>()
  for (const claim of pod.spec.resourceClaims ?? []) {
    const made = pod.status?.resourceClaimStatuses?.find(({ name }) => name === claim.name)
    const name = claim.resourceClaimName ?? made?.resourceClaimName
    if (name) names.add(name)
  }
  return names
}

function containersOf({ spec }: PodWithReferences): Container[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])]
}
