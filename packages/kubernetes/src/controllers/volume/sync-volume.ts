import { isReason } from '../../api/api-error.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import { persistentVolumeClaims } from '../../client/resources.ts'
import { setPhase, unbind } from './bind.ts'
import type { VolumeBinding } from './volume-binding.ts'
import { provisionedByAnnotation } from './volume-names.ts'

/** Keeps a volume's phase, and releases it when its claim has gone. */
export async function syncVolume(binding: VolumeBinding, volume: PersistentVolume): Promise<void> {
  const { client, events, wakeClaim } = binding
  const { metadata, spec } = volume
  const reference = spec?.claimRef
  if (!reference?.uid) {
    await setPhase(client, volume, 'Available')
    return
  }
  const claim = await findClaim(binding, volume)
  if (!claim) return release(binding, volume)
  if (!claim.spec?.volumeName) {
    if ((claim.spec?.volumeMode ?? 'Filesystem') !== (spec?.volumeMode ?? 'Filesystem')) {
      const why = 'due to incompatible volumeMode.'
      const toVolume = `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claim.metadata.name}" ${why}`
      const toClaim = `Cannot bind PersistentVolume "${metadata.name}" to requested PersistentVolumeClaim ${why}`
      events.event({ ...volume }, 'Warning', 'VolumeMismatch', toVolume)
      events.event({ ...claim }, 'Warning', 'VolumeMismatch', toClaim)
      return
    }
    wakeClaim(reference.namespace ?? '', reference.name ?? '')
    return
  }
  if (claim.spec.volumeName === metadata.name) {
    await setPhase(client, volume, 'Bound')
    return
  }
  // The claim got another volume in the meantime.
  const provisioned = metadata.annotations?.[provisionedByAnnotation] !== undefined
  if (provisioned && spec?.persistentVolumeReclaimPolicy === 'Delete') return release(binding, volume)
  await unbind(client, volume)
}

/** The claim that the volume is bound to, unless it has gone; another one of its name does not count. */
async function findClaim(
  { client, claims }: VolumeBinding,
  { spec, status }: PersistentVolume,
): Promise<PersistentVolumeClaim | undefined> {
  const { namespace = '', name = '', uid } = spec?.claimRef ?? {}
  const cached = claims.get(namespace, name)
  if (cached?.metadata.uid === uid) return cached
  if (!cached && (status?.phase === 'Released' || status?.phase === 'Failed')) return undefined
  // A claim that has come a moment ago may be in no cache yet: nothing is released on a cache's word.
  try {
    const fresh = await client.get<PersistentVolumeClaim>(persistentVolumeClaims, namespace, name)
    return fresh.metadata.uid === uid ? fresh : undefined
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}

async function release({ client, events }: VolumeBinding, volume: PersistentVolume): Promise<void> {
  const phase = volume.status?.phase
  const released =
    phase === 'Released' || phase === 'Failed' ? volume : await setPhase(client, volume, 'Released')
  const policy = volume.spec?.persistentVolumeReclaimPolicy
  if (policy !== 'Delete' && policy !== 'Recycle') return
  // Whoever made it deletes it.
  if (policy === 'Delete' && volume.metadata.annotations?.[provisionedByAnnotation]) return
  const [reason, message] =
    policy === 'Delete'
      ? [
          'VolumeFailedDelete',
          `error getting deleter volume plugin for volume "${volume.metadata.name}": no deletable volume plugin matched`,
        ]
      : ['VolumeFailedRecycle', 'No recycler plugin found for the volume!']
  if (released.status?.phase === 'Failed' && released.status.message === message) return
  await setPhase(client, released, 'Failed', message)
  events.event({ ...volume }, 'Warning', reason, message)
}
