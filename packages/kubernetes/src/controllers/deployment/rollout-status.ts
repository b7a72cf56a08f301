import { deepEqual } from '../../api/json.ts'
import { parseTime } from '../../api/time.ts'
import type { DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../api/types/apps-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { omitEmpty } from '../common/omit-empty.ts'
import { newCondition, removeCondition, setCondition } from './deployment-conditions.ts'
import { maxUnavailable } from './fenceposts.ts'
import { availableOf, replicasOf, sum } from './replica-sets.ts'
import {
  allOf,
  hasProgressDeadline,
  type OwnDeployment,
  type Rollout,
  type Sets,
  wantedReplicas,
  writeStatus,
} from './rollout.ts'

/** Writes the status, where it differs, without looking at progress: scaling and pausing are none. */
export async function syncStatus(rollout: Rollout, sets: Sets): Promise<void> {
  await writeIfChanged(rollout, calculateStatus(rollout, sets))
}

/** Writes the status of a rollout: its progress, its end, or that it has taken too long. */
export async function syncRolloutStatus(rollout: Rollout, sets: Sets): Promise<void> {
  const { deployment, now } = rollout
  const status = calculateStatus(rollout, sets)
  const before = findCondition(deployment.status.conditions, 'Progressing')
  const done =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && before?.reason === 'NewReplicaSetAvailable'
  if (!hasProgressDeadline(deployment)) removeCondition(status, 'Progressing')
  else if (!done) {
    const set = sets.current?.metadata.name
    const what = set ? `ReplicaSet "${set}"` : `Deployment "${deployment.metadata.name}"`
    const progressing = (is: string, reason: string, message: string): DeploymentCondition =>
      newCondition('Progressing', is, reason, `${what} ${message}`, now)
    if (isComplete(deployment, status)) {
      setCondition(status, progressing('True', 'NewReplicaSetAvailable', 'has successfully progressed.'))
    } else if (isProgressing(deployment.status, status)) {
      const condition = progressing('True', 'ReplicaSetUpdated', 'is progressing.')
      if (before?.status === 'True') condition.lastTransitionTime = before.lastTransitionTime
      // Set anew each time: its lastUpdateTime is what the deadline counts from.
      removeCondition(status, 'Progressing')
      setCondition(status, condition)
    } else if (isTimedOut(deployment, status, now)) {
      setCondition(status, progressing('False', 'ProgressDeadlineExceeded', 'has timed out progressing.'))
    }
  }
  const failure = [sets.current, ...allOf(sets)]
    .flatMap((set) => set?.status?.conditions ?? [])
    .find(({ type }) => type === 'ReplicaFailure')
  if (failure) setCondition(status, { ...failure, lastUpdateTime: failure.lastTransitionTime })
  else removeCondition(status, 'ReplicaFailure')
  if (!(await writeIfChanged(rollout, status))) scheduleDeadline(rollout, status)
}

/** All wanted replicas are of the current template and available, and the status says so of this generation. */
export function isComplete(deployment: OwnDeployment, status: DeploymentStatus): boolean {
  const wanted = wantedReplicas(deployment)
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  )
}

function isProgressing(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number => replicas - updatedReplicas
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

function isTimedOut({ spec }: OwnDeployment, status: DeploymentStatus, now: number): boolean {
  const condition = findCondition(status.conditions, 'Progressing')
  if (!condition || condition.reason === 'NewReplicaSetAvailable') return false
  if (condition.reason === 'ProgressDeadlineExceeded') return true
  return (parseTime(condition.lastUpdateTime) ?? 0) + (spec.progressDeadlineSeconds ?? 0) * 1000 < now
}

/** Nothing will wake us when a rollout is stuck but the clock. */
function scheduleDeadline({ deployment, now, again }: Rollout, status: DeploymentStatus): void {
  const condition = findCondition(deployment.status.conditions, 'Progressing')
  if (!hasProgressDeadline(deployment) || !condition) return
  if (isComplete(deployment, status) || condition.reason === 'ProgressDeadlineExceeded') return
  const deadline =
    (parseTime(condition.lastUpdateTime) ?? now) + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000
  again(Math.max(0, deadline - now) + 1000)
}

async function writeIfChanged(rollout: Rollout, status: DeploymentStatus): Promise<boolean> {
  if (deepEqual(rollout.deployment.status, status)) return false
  rollout.deployment.status = status
  await writeStatus(rollout)
  return true
}

function calculateStatus({ deployment, now }: Rollout, sets: Sets): DeploymentStatus {
  const all = allOf(sets)
  const available = sum(all, availableOf)
  const terminating = terminatingReplicas(all)
  const status: DeploymentStatus = {
    ...omitEmpty({
      observedGeneration: deployment.metadata.generation,
      replicas: sum(all, (set) => set.status?.replicas ?? 0),
      updatedReplicas: sets.current?.status?.replicas,
      readyReplicas: sum(all, (set) => set.status?.readyReplicas ?? 0),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, sum(all, replicasOf) - available),
      conditions: deployment.status.conditions,
    }),
    ...(terminating !== undefined && { terminatingReplicas: terminating }),
    ...(deployment.status.collisionCount !== undefined && {
      collisionCount: deployment.status.collisionCount,
    }),
  }
  const enough = available >= wantedReplicas(deployment) - maxUnavailable(deployment)
  setCondition(
    status,
    enough
      ? newCondition(
          'Available',
          'True',
          'MinimumReplicasAvailable',
          'Deployment has minimum availability.',
          now,
        )
      : newCondition(
          'Available',
          'False',
          'MinimumReplicasUnavailable',
          'Deployment does not have minimum availability.',
          now,
        ),
  )
  return status
}

/** `undefined` when a set that has been looked at does not count them. */
function terminatingReplicas(sets: ReplicaSet[]): number | undefined {
  let total = 0
  for (const { status } of sets) {
    if (status?.terminatingReplicas !== undefined) total += status.terminatingReplicas
    else if (status?.observedGeneration) return undefined
  }
  return total
}
