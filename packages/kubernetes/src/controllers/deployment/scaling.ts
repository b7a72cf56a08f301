import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { ReplicaSet } from '../../api/types/apps-v1.ts'
import { replicaSets } from '../../client/resources.ts'
import {
  compareRevisions,
  desiredReplicas,
  maxReplicas,
  replicaAnnotations,
  revisionOf,
} from './annotations.ts'
import { isRollingUpdate, maxSurge } from './fenceposts.ts'
import { activeOf, availableOf, compareAge, oldestFirst, replicasOf, sum } from './replica-sets.ts'
import { allOf, type OwnDeployment, type Rollout, type Sets, wantedReplicas } from './rollout.ts'

/** Gives a set its size and the annotations that tell later scalings from rollouts. */
export async function scaleSet(
  rollout: Rollout,
  set: ReplicaSet,
  replicas: number,
  annotate = false,
): Promise<{ set: ReplicaSet; scaled: boolean }> {
  const before = replicasOf(set)
  if (before === replicas && !annotate) return { set, scaled: false }
  const { client, deployment, events } = rollout
  const annotations = { ...set.metadata.annotations, ...replicaAnnotations(deployment) }
  if (before === replicas && deepEqual(annotations, set.metadata.annotations)) return { set, scaled: false }
  const updated = await client.update<ReplicaSet>(replicaSets, {
    ...set,
    metadata: { ...set.metadata, annotations },
    spec: { selector: {}, ...set.spec, replicas },
  })
  if (before === replicas) return { set: updated, scaled: false }
  const direction = before < replicas ? 'up' : 'down'
  const message = `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`
  events.event({ ...deployment }, 'Normal', 'ScalingReplicaSet', message)
  return { set: updated, scaled: true }
}

/** The Deployment's size has changed since its sets were last scaled. */
export function isScalingEvent(deployment: OwnDeployment, sets: Sets): boolean {
  return activeOf(allOf(sets)).some((set) => {
    const desired = desiredReplicas(set)
    return desired !== undefined && desired !== wantedReplicas(deployment)
  })
}

/** Brings the sets to the Deployment's size; in the middle of a rollout each gets its share. */
export async function scaleSets(rollout: Rollout, sets: Sets): Promise<void> {
  const { deployment } = rollout
  const wanted = wantedReplicas(deployment)
  const only = activeOrLatest(sets)
  if (only) {
    if (replicasOf(only) !== wanted) await scaleSet(rollout, only, wanted)
    return
  }
  if (isSaturated(deployment, sets.current)) {
    for (const set of activeOf(sets.old)) await scaleSet(rollout, set, 0)
    return
  }
  if (!isRollingUpdate(deployment)) return
  const active = activeOf(allOf(sets))
  const allowed = wanted > 0 ? wanted + maxSurge(deployment) : 0
  for (const [set, replicas] of shares(deployment, active, allowed - sum(active, replicasOf))) {
    await scaleSet(rollout, set, replicas, true)
  }
}

/** The one set that has pods, or the newest when none has. */
function activeOrLatest({ current, old }: Sets): ReplicaSet | undefined {
  const sets = current ? [...old, current] : old
  const active = activeOf(sets)
  if (active.length === 0) return current ?? oldestFirst(old).at(-1)
  return active.length === 1 ? active[0] : undefined
}

function isSaturated(deployment: OwnDeployment, set: ReplicaSet | undefined): boolean {
  const wanted = wantedReplicas(deployment)
  return (
    set !== undefined &&
    replicasOf(set) === wanted &&
    desiredReplicas(set) === wanted &&
    availableOf(set) === wanted
  )
}

/** Spreads `toAdd` (negative: to remove) over sets in proportion to their sizes; the largest gets what rounding leaves. */
function shares(deployment: OwnDeployment, sets: ReplicaSet[], toAdd: number): [ReplicaSet, number][] {
  if (toAdd === 0) return sets.map((set) => [set, replicasOf(set)])
  // Of sets of one size, growth goes to the newest first and shrinking hits the oldest first.
  const ordered = [...sets].sort(
    (a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? compareAge(b, a) : compareAge(a, b)),
  )
  let added = 0
  const sized = ordered.map((set): [ReplicaSet, number] => {
    const left = toAdd - added
    const fraction = replicasOf(set) === 0 || left === 0 ? 0 : fractionOf(deployment, set)
    const share = left === 0 ? 0 : toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left)
    added += share
    return [set, replicasOf(set) + share]
  })
  const largest = sized[0]
  if (largest) largest[1] = Math.max(0, largest[1] + toAdd - added)
  return sized
}

function fractionOf(deployment: OwnDeployment, set: ReplicaSet): number {
  const size = replicasOf(set)
  if (wantedReplicas(deployment) === 0) return -size
  const before = maxReplicas(set) || (deployment.status.replicas ?? 0)
  if (before === 0) return 0
  const exact = (size * (wantedReplicas(deployment) + maxSurge(deployment))) / before
  return Math.trunc(exact + (exact < 0 ? -0.5 : 0.5)) - size
}

/** Deletes the oldest sets without pods beyond `revisionHistoryLimit`. */
export async function cleanUp({ client, deployment }: Rollout, old: ReplicaSet[]): Promise<void> {
  const limit = deployment.spec.revisionHistoryLimit
  if (limit === undefined || limit === 0x7fffffff) return
  const alive = old.filter(({ metadata }) => !metadata.deletionTimestamp)
  const surplus = alive
    .sort((a, b) => compareRevisions(revisionOf(a), revisionOf(b)) || compareAge(a, b))
    .slice(0, Math.max(0, alive.length - limit))
  for (const set of surplus) {
    const { metadata, status } = set
    if (replicasOf(set) !== 0 || (status?.replicas ?? 0) !== 0) continue
    if ((metadata.generation ?? 0) > (status?.observedGeneration ?? 0)) continue
    try {
      await client.delete(replicaSets, metadata.namespace, metadata.name ?? '')
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
