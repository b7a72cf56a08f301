import type { GroupVersionResource } from '../../api/kube-object.ts'
import { type LabelMatcher, labelMapMatcher, labelMatcher } from '../../api/label-selector.ts'
import type { ReplicaSet, ReplicaSetStatus } from '../../api/types/apps-v1.ts'
import type { PodTemplateSpec, ReplicationController } from '../../api/types/core-v1.ts'
import type { ObjectMeta } from '../../api/types/meta-v1.ts'
import { replicaSets, replicationControllers } from '../../client/resources.ts'

/** What ReplicaSets and ReplicationControllers have in common. */
export interface Replicated {
  apiVersion?: string
  kind?: string
  metadata: ObjectMeta
  spec?: { replicas?: number; minReadySeconds?: number; template?: PodTemplateSpec }
  status?: ReplicaSetStatus
}

/** In what they differ. */
export interface ReplicaFlavor<T extends Replicated> {
  name: string
  resource: GroupVersionResource
  apiVersion: string
  kind: string
  matcher(owner: T): LabelMatcher
  /** `status.terminatingReplicas` is there. */
  countsTerminating: boolean
}

export const replicaSetFlavor: ReplicaFlavor<ReplicaSet> = {
  name: 'replicaset-controller',
  resource: replicaSets,
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  matcher: ({ spec }) => labelMatcher(spec?.selector),
  countsTerminating: true,
}

export const replicationControllerFlavor: ReplicaFlavor<ReplicationController> = {
  name: 'replication-controller',
  resource: replicationControllers,
  apiVersion: 'v1',
  kind: 'ReplicationController',
  matcher: ({ spec }) => labelMapMatcher(spec?.selector),
  countsTerminating: false,
}
