import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { ReplicaSet } from '../../api/types/apps-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { controllerOf, controllerRef } from '../../client/owner-reference.ts'
import { replicaSets } from '../../client/resources.ts'
import { errorMessage, isNamespaceTerminating } from '../common/errors.ts'
import { hashOf } from '../common/hash.ts'
import { scaledValue } from '../common/int-or-percent.ts'
import { annotationsOfNewSet, highestRevision, revisionAnnotation } from './annotations.ts'
import { newCondition, setCondition } from './deployment-conditions.ts'
import { findSetOf, replicasOf, sameTemplate, sum, templateHashLabel } from './replica-sets.ts'
import {
  hasProgressDeadline,
  type OwnDeployment,
  type Rollout,
  type Sets,
  wantedReplicas,
  writeStatus,
} from './rollout.ts'

/** Sorts the Deployment's sets into the current one and old ones, brings revisions up to date, and may create the current one. */
export async function resolveSets(rollout: Rollout, create: boolean): Promise<Sets> {
  const existing = findSetOf(rollout.deployment.spec.template, rollout.sets)
  const old = rollout.sets.filter((set) => set !== existing)
  const revision = highestRevision(old) + 1n
  let current: ReplicaSet | undefined
  if (existing) current = await refresh(rollout, existing, revision)
  else if (create) current = await createSet(rollout, old, revision)
  // The cache will say so later; a second look in this reconcile has to know now.
  if (current) rollout.sets = [...old, current]
  return { current, old }
}

async function refresh(rollout: Rollout, set: ReplicaSet, revision: bigint): Promise<ReplicaSet> {
  const { client, deployment, now } = rollout
  const annotations = annotationsOfNewSet(deployment, set.metadata.annotations ?? {}, revision)
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0
  if (
    !deepEqual(annotations, set.metadata.annotations ?? {}) ||
    minReadySeconds !== (set.spec?.minReadySeconds ?? 0)
  ) {
    const { minReadySeconds: _, ...spec } = set.spec ?? { selector: {} }
    return client.update<ReplicaSet>(replicaSets, {
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...spec, ...(minReadySeconds > 0 && { minReadySeconds }) },
    })
  }
  let changed = setRevision(deployment, set.metadata.annotations?.[revisionAnnotation] ?? '')
  if (hasProgressDeadline(deployment) && !findCondition(deployment.status.conditions, 'Progressing')) {
    const message = `Found new replica set "${set.metadata.name}"`
    setCondition(deployment.status, newCondition('Progressing', 'True', 'FoundNewReplicaSet', message, now))
    changed = true
  }
  if (changed) await writeStatus(rollout)
  return set
}

function setRevision(deployment: OwnDeployment, revision: string): boolean {
  if (deployment.metadata.annotations?.[revisionAnnotation] === revision) return false
  deployment.metadata.annotations = {
    ...deployment.metadata.annotations,
    [revisionAnnotation]: revision,
  }
  return true
}

async function createSet(
  rollout: Rollout,
  old: ReplicaSet[],
  revision: bigint,
): Promise<ReplicaSet | undefined> {
  const { client, deployment, events, now } = rollout
  const wanted = newSet(deployment, old, revision)
  let created: ReplicaSet
  let isNew = true
  try {
    created = await client.create(replicaSets, deployment.metadata.namespace, wanted)
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) {
      created = await resolveCollision(rollout, wanted, error)
      isNew = false
    } else {
      if (!isNamespaceTerminating(error)) await reportFailure(rollout, wanted, error)
      throw error
    }
  }
  const name = created.metadata.name
  if (isNew && replicasOf(created) > 0) {
    const message = `Scaled up replica set ${name} from 0 to ${replicasOf(created)}`
    events.event({ ...deployment }, 'Normal', 'ScalingReplicaSet', message)
  }
  let changed = setRevision(deployment, `${revision}`)
  if (isNew && hasProgressDeadline(deployment)) {
    setCondition(
      deployment.status,
      newCondition('Progressing', 'True', 'NewReplicaSetCreated', `Created new replica set "${name}"`, now),
    )
    changed = true
  }
  if (changed) await writeStatus(rollout)
  return created
}

function newSet(deployment: OwnDeployment, old: ReplicaSet[], revision: bigint): ReplicaSet {
  const { spec, metadata, status } = deployment
  const hash = hashOf(spec.template, status.collisionCount)
  const labels = { ...spec.template.metadata?.labels, [templateHashLabel]: hash }
  const prefix = metadata.name?.slice(0, 253 - 1 - hash.length)
  const minReadySeconds = spec.minReadySeconds ?? 0
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${prefix}-${hash}`,
      ...(metadata.namespace && { namespace: metadata.namespace }),
      labels,
      annotations: annotationsOfNewSet(deployment, undefined, revision),
      ownerReferences: [controllerRef(deployment, 'apps/v1', 'Deployment')],
    },
    spec: {
      replicas: newSetReplicas(deployment, old, 0),
      ...(minReadySeconds > 0 && { minReadySeconds }),
      selector: {
        ...spec.selector,
        matchLabels: { ...spec.selector.matchLabels, [templateHashLabel]: hash },
      },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  }
}

/** How many replicas the current set may have, when it has `has` and `all` the others (or all) there are. */
export function newSetReplicas(deployment: OwnDeployment, all: ReplicaSet[], has: number): number {
  const wanted = wantedReplicas(deployment)
  switch (deployment.spec.strategy?.type) {
    case 'RollingUpdate': {
      const surge = scaledValue(deployment.spec.strategy.rollingUpdate?.maxSurge ?? 0, wanted, true)
      const room = wanted + surge - sum(all, replicasOf)
      return room <= 0 ? has : has + Math.min(room, wanted - has)
    }
    case 'Recreate':
      return wanted
    default:
      throw new Error(`deployment type ${deployment.spec.strategy?.type} isn't supported`)
  }
}

/** The name is taken: by our own set, which the cache did not know yet, or by another, which raises the collision count. */
async function resolveCollision(rollout: Rollout, wanted: ReplicaSet, error: unknown): Promise<ReplicaSet> {
  const { client, deployment } = rollout
  const { name = '', namespace } = wanted.metadata
  const existing = rollout.cachedSet(name) ?? (await client.get<ReplicaSet>(replicaSets, namespace, name))
  const ours = controllerOf(existing)?.uid === deployment.metadata.uid
  if (ours && sameTemplate(existing.spec?.template, deployment.spec.template)) return existing
  deployment.status.collisionCount = (deployment.status.collisionCount ?? 0) + 1
  await writeStatus(rollout)
  throw error
}

async function reportFailure(rollout: Rollout, wanted: ReplicaSet, error: unknown): Promise<void> {
  const { deployment, events, now } = rollout
  const reason = 'ReplicaSetCreateError'
  const message = `Failed to create new replica set "${wanted.metadata.name}": ${errorMessage(error)}`
  events.event({ ...deployment }, 'Warning', reason, message)
  if (!hasProgressDeadline(deployment)) return
  setCondition(deployment.status, newCondition('Progressing', 'False', reason, message, now))
  await writeStatus(rollout)
}
