import type { Init } from '@minikube-ts/cri/call.ts'
import type { ImageSpec } from '@minikube-ts/cri/generated/runtime-v1.ts'
import type { Volume } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import type { PodAddresses } from '../environment/field-path.ts'
import type { ObjectReader } from '../environment/object-reader.ts'
import type { NodePod } from '../pods/node-pod.ts'
import type { TokenSource } from './token-source.ts'
import type { VolumePaths } from './volume-paths.ts'

/** A volume that containers can be given. */
export interface MountedVolume {
  /** Directory (or file, or block device) on the node. */
  path: string
  readOnly: boolean
  /** Set for a block device that is handed over raw. */
  block?: boolean
  /** Set for the content of an image, which the runtime mounts itself. */
  image?: Init<ImageSpec>
  /** Group that may use it (`pv.beta.kubernetes.io/gid`). */
  gid?: number
}

export interface VolumeContext {
  paths: VolumePaths
  objects: ObjectReader
  tokens: TokenSource
  client: Client | undefined
  allocatable(): Record<string, string>
  /** Of the pod as far as they are known. */
  addresses(pod: NodePod): PodAddresses
}

/**
 * Makes a volume's content available, and up to date when it is there already: called on every sync of the pod. What it
 * makes lies below the pod's directories, whose removal is all the tearing down there is.
 * @throws Error whose message goes into a FailedMount event
 */
export type SetUpVolume<Source> = (
  context: VolumeContext,
  pod: NodePod,
  name: string,
  source: Source,
) => Promise<MountedVolume>

/** Kinds of volume sources, by the field that holds them. */
export type VolumeSourceName = Exclude<keyof Volume, 'name'>
