// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { PersistentVolumeSpec, TopologySelectorTerm } from './core-v1.ts'
import type { LabelSelector, ListMeta, ObjectMeta } from './meta-v1.ts'

export interface StorageClass {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  provisioner: string
  parameters?: Record<string, string>
  reclaimPolicy?: string
  mountOptions?: string[]
  allowVolumeExpansion?: boolean
  volumeBindingMode?: string
  allowedTopologies?: TopologySelectorTerm[]
}

export interface StorageClassList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: StorageClass[]
}

export interface VolumeAttachment {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec: VolumeAttachmentSpec
  status?: VolumeAttachmentStatus
}

export interface VolumeAttachmentList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: VolumeAttachment[]
}

export interface VolumeAttachmentSpec {
  attacher: string
  source: VolumeAttachmentSource
  nodeName: string
}

export interface VolumeAttachmentSource {
  persistentVolumeName?: string
  inlineVolumeSpec?: PersistentVolumeSpec
}

export interface VolumeAttachmentStatus {
  attached: boolean
  attachmentMetadata?: Record<string, string>
  attachError?: VolumeError
  detachError?: VolumeError
}

export interface VolumeError {
  time?: string
  message?: string
  errorCode?: number
}

export interface CSIDriver {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec: CSIDriverSpec
}

export interface CSIDriverList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: CSIDriver[]
}

export interface CSIDriverSpec {
  attachRequired?: boolean
  podInfoOnMount?: boolean
  volumeLifecycleModes?: string[]
  storageCapacity?: boolean
  fsGroupPolicy?: string
  tokenRequests?: TokenRequest[]
  requiresRepublish?: boolean
  seLinuxMount?: boolean
  nodeAllocatableUpdatePeriodSeconds?: number
  serviceAccountTokenInSecrets?: boolean
  preventPodSchedulingIfMissing?: boolean
}

export interface TokenRequest {
  audience: string
  expirationSeconds?: number
}

export interface CSINode {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec: CSINodeSpec
}

export interface CSINodeSpec {
  drivers: CSINodeDriver[]
}

export interface CSINodeDriver {
  name: string
  nodeID: string
  topologyKeys?: string[]
  allocatable?: VolumeNodeResources
}

export interface VolumeNodeResources {
  count?: number
}

export interface CSINodeList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: CSINode[]
}

export interface CSIStorageCapacity {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  nodeTopology?: LabelSelector
  storageClassName: string
  capacity?: string
  maximumVolumeSize?: string
}

export interface CSIStorageCapacityList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: CSIStorageCapacity[]
}

export interface VolumeAttributesClass {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  driverName: string
  parameters?: Record<string, string>
}

export interface VolumeAttributesClassList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: VolumeAttributesClass[]
}
