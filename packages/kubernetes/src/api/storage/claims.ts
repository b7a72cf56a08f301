import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../types/core-v1.ts'

export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node'
export const bindCompletedAnnotation = 'pv.kubernetes.io/bind-completed'
export const boundByControllerAnnotation = 'pv.kubernetes.io/bound-by-controller'
const betaClassAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** The class that a claim asks for; empty when none. */
export function claimClass({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[betaClassAnnotation] ?? spec?.storageClassName ?? ''
}

export function volumeClass({ metadata, spec }: PersistentVolume): string {
  return metadata.annotations?.[betaClassAnnotation] ?? spec?.storageClassName ?? ''
}

/** The volume controller has finished binding it. */
export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return Boolean(spec?.volumeName) && metadata.annotations?.[bindCompletedAnnotation] !== undefined
}

/** A volume's claim: named by it, or made for it (generic ephemeral volumes). */
export function claimNameOf(pod: Pod, volume: Volume): { name: string; ephemeral: boolean } | undefined {
  if (volume.persistentVolumeClaim) return { name: volume.persistentVolumeClaim.claimName, ephemeral: false }
  if (volume.ephemeral) return { name: `${pod.metadata.name}-${volume.name}`, ephemeral: true }
  return undefined
}

/** The volume's claimRef is this claim; one without a uid means any claim of the name. */
export function isVolumeOfClaim(volume: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef
  if (reference?.name !== metadata.name || reference?.namespace !== metadata.namespace) return false
  return !reference?.uid || reference.uid === metadata.uid
}
