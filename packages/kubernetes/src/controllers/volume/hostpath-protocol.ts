import { basename, join } from 'node:path'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import { provisionedByAnnotation, volumeProtectionFinalizer } from './volume-names.ts'

/**
 * How the control plane and the nodes share the work of volumes that are directories:
 *
 * 1. The control plane creates a PersistentVolume whose `hostPath` is a directory named after it, with the annotation
 *    `minikube-ts.io/node` (where it lies), the node affinity to match, and the finalizer
 *    `minikube-ts.io/hostpath-cleanup`.
 * 2. That node makes the directory: when it sees the volume, and (if that is sooner) when a pod mounts it.
 * 3. The control plane deletes a released volume whose reclaim policy is Delete. Once the volume's protection is off,
 *    the node removes the directory, then the finalizer. A node that was down does so when it is back.
 * 4. The control plane removes the finalizer of volumes whose node no longer exists.
 */
export const cleanupFinalizer = 'minikube-ts.io/hostpath-cleanup'
export const nodeAnnotation = 'minikube-ts.io/node'
/** The name that classes written for minikube use. */
export const hostPathProvisioner = 'k8s.io/minikube-hostpath'

export function isHostPathVolume({ metadata, spec }: PersistentVolume): boolean {
  return (
    metadata.annotations?.[provisionedByAnnotation] === hostPathProvisioner && spec?.hostPath !== undefined
  )
}

/** The directory's name says whose it is, to people and to {@link directoryOf}. */
export function directoryFor(base: string, volumeName: string, { metadata }: PersistentVolumeClaim): string {
  return join(base, `${volumeName}_${metadata.namespace}_${metadata.name}`)
}

/**
 * The volume's directory when it lies on this node. Nothing when the path is not named after the volume: such a
 * directory is not ours to make or remove, whatever the object says.
 */
export function directoryOf(volume: PersistentVolume, nodeName: string): string | undefined {
  const { metadata, spec } = volume
  const path = spec?.hostPath?.path ?? ''
  if (!isHostPathVolume(volume) || metadata.annotations?.[nodeAnnotation] !== nodeName) return undefined
  return path.startsWith('/') && basename(path).startsWith(`${metadata.name}_`) ? path : undefined
}

/** The node may remove the directory (or leave it, as the policy says) and let the volume go. */
export function isCleanupDue({ metadata }: PersistentVolume): boolean {
  const { deletionTimestamp, finalizers = [] } = metadata
  return (
    deletionTimestamp !== undefined &&
    finalizers.includes(cleanupFinalizer) &&
    !finalizers.includes(volumeProtectionFinalizer)
  )
}

export function withoutCleanupFinalizer(volume: PersistentVolume): PersistentVolume {
  const finalizers = volume.metadata.finalizers?.filter((each) => each !== cleanupFinalizer) ?? []
  return { ...volume, metadata: { ...volume.metadata, finalizers } }
}
