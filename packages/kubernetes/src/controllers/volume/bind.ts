import { deepEqual } from '../../api/json.ts'
import {
  bindCompletedAnnotation,
  boundByControllerAnnotation,
  isVolumeOfClaim,
} from '../../api/storage/claims.ts'
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimStatus,
} from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { persistentVolumeClaims, persistentVolumes } from '../../client/resources.ts'

/**
 * Binds both ends, in the order that survives a stop at any point: volume to claim, volume's phase, claim to volume,
 * claim's phase. Writes only what is not there yet.
 */
export async function bind(
  client: Client,
  volume: PersistentVolume,
  claim: PersistentVolumeClaim,
): Promise<void> {
  const bound = await setPhase(client, await bindVolumeToClaim(client, volume, claim), 'Bound')
  await setClaimStatus(client, await bindClaimToVolume(client, claim, bound), 'Bound', bound)
}

async function bindVolumeToClaim(
  client: Client,
  volume: PersistentVolume,
  claim: PersistentVolumeClaim,
): Promise<PersistentVolume> {
  const { metadata, spec } = volume
  const { namespace, name, uid, resourceVersion } = claim.metadata
  const reserved = isVolumeOfClaim(volume, claim)
  const annotate = !reserved && !metadata.annotations?.[boundByControllerAnnotation]
  if (reserved && spec?.claimRef?.uid === uid && !annotate) return volume
  return client.update<PersistentVolume>(persistentVolumes, {
    ...volume,
    metadata: annotate ? annotated(metadata, boundByControllerAnnotation) : metadata,
    spec: {
      ...spec,
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
    },
  })
}

async function bindClaimToVolume(
  client: Client,
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
): Promise<PersistentVolumeClaim> {
  const here = claim.spec?.volumeName === volume.metadata.name
  let { metadata } = claim
  if (!here && !metadata.annotations?.[boundByControllerAnnotation]) {
    metadata = annotated(metadata, boundByControllerAnnotation)
  }
  if (!metadata.annotations?.[bindCompletedAnnotation])
    metadata = annotated(metadata, bindCompletedAnnotation)
  if (here && metadata === claim.metadata) return claim
  return client.update<PersistentVolumeClaim>(persistentVolumeClaims, {
    ...claim,
    metadata,
    spec: { ...claim.spec, volumeName: volume.metadata.name },
  })
}

function annotated<T extends { annotations?: Record<string, string> }>(metadata: T, annotation: string): T {
  return { ...metadata, annotations: { ...metadata.annotations, [annotation]: 'yes' } }
}

/** Lets go of a claim that was bound elsewhere; a volume that a user reserved stays reserved. */
export async function unbind(client: Client, volume: PersistentVolume): Promise<void> {
  const { [boundByControllerAnnotation]: byController, ...annotations } = volume.metadata.annotations ?? {}
  const { claimRef, ...spec } = volume.spec ?? {}
  const { uid: _, ...reservation } = claimRef ?? {}
  const freed = await client.update<PersistentVolume>(persistentVolumes, {
    ...volume,
    metadata: { ...volume.metadata, annotations },
    spec: byController ? spec : { ...spec, claimRef: reservation },
  })
  await setPhase(client, freed, 'Available')
}

export async function setPhase(
  client: Client,
  volume: PersistentVolume,
  phase: string,
  message?: string,
): Promise<PersistentVolume> {
  const { message: _, reason: __, ...status } = volume.status ?? {}
  if (status.phase === phase && (volume.status?.message ?? '') === (message ?? '')) return volume
  return client.update<PersistentVolume>(
    persistentVolumes,
    { ...volume, status: { ...status, phase, ...(message && { message }) } },
    { subresource: 'status' },
  )
}

/** Without a volume, what came from it is reset. */
export async function setClaimStatus(
  client: Client,
  claim: PersistentVolumeClaim,
  phase: string,
  volume?: PersistentVolume,
): Promise<PersistentVolumeClaim> {
  const before = claim.status ?? {}
  const { accessModes: _, capacity: __, currentVolumeAttributesClassName: ___, ...rest } = before
  const status: PersistentVolumeClaimStatus = { ...(volume ? before : rest), phase }
  if (volume) {
    const { accessModes, capacity, volumeAttributesClassName } = volume.spec ?? {}
    if (accessModes) status.accessModes = accessModes
    // Later differences are wanted: a volume that has grown but not its file system.
    if (before.phase !== phase && capacity) status.capacity = capacity
    if (before.phase === 'Pending' && volumeAttributesClassName) {
      status.currentVolumeAttributesClassName = volumeAttributesClassName
    }
  }
  if (deepEqual(before, status)) return claim
  return client.update<PersistentVolumeClaim>(
    persistentVolumeClaims,
    { ...claim, status },
    { subresource: 'status' },
  )
}
