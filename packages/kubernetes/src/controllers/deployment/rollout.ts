import type { Deployment, DeploymentSpec, DeploymentStatus, ReplicaSet } from '../../api/types/apps-v1.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/event-recorder.ts'
import { deployments } from '../../client/resources.ts'

/** One reconcile of one Deployment. */
export interface Rollout {
  client: Client
  events: EventRecorder
  now: number
  /** A copy of our own: steps change it and write it. */
  deployment: OwnDeployment
  /** Its ReplicaSets, as far as the cache knows. */
  sets: ReplicaSet[]
  cachedSet(name: string): ReplicaSet | undefined
  /** Comes back to this Deployment after some milliseconds. */
  again(ms: number): void
}

export type OwnDeployment = Deployment & { spec: DeploymentSpec; status: DeploymentStatus }

/** The ReplicaSet of the current template, if there is one, and all others. */
export interface Sets {
  current: ReplicaSet | undefined
  old: ReplicaSet[]
}

export function allOf({ current, old }: Sets): ReplicaSet[] {
  return current ? [...old, current] : old
}

/** Writes the status, and with it (as upstream does) the annotations. */
export async function writeStatus({ client, deployment }: Rollout): Promise<void> {
  const { metadata } = await client.update<Deployment>(deployments, deployment, { subresource: 'status' })
  deployment.metadata.resourceVersion = metadata.resourceVersion
}

export function wantedReplicas({ spec }: OwnDeployment): number {
  return spec.replicas ?? 1
}

/** No deadline, or one of int32's maximum, means none. */
export function hasProgressDeadline({ spec }: OwnDeployment): boolean {
  return spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== 0x7fffffff
}
