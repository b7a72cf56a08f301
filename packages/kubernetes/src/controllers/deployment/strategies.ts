import type { ReplicaSet } from '../../api/types/apps-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { isPodTerminal } from '../../client/pod-state.ts'
import { maxUnavailable } from './fenceposts.ts'
import { newSetReplicas, resolveSets } from './new-replica-set.ts'
import { activeOf, availableOf, oldestFirst, replicasOf, sum } from './replica-sets.ts'
import { allOf, type Rollout, type Sets, wantedReplicas } from './rollout.ts'
import { isComplete, syncRolloutStatus } from './rollout-status.ts'
import { cleanUp, scaleSet } from './scaling.ts'

/** Old pods go before new ones come. `podsOf` gives all pods of a set, those that are terminating among them. */
export async function rolloutRecreate(rollout: Rollout, podsOf: (set: ReplicaSet) => Pod[]): Promise<void> {
  let sets = await resolveSets(rollout, false)
  let scaledDown = false
  for (const set of activeOf(sets.old)) {
    const result = await scaleSet(rollout, set, 0)
    scaledDown ||= result.scaled
  }
  const oldRun = sets.old.some(
    (set) => (set.status?.replicas ?? 0) > 0 || podsOf(set).some((pod) => !isPodTerminal(pod)),
  )
  if (scaledDown || oldRun) return syncRolloutStatus(rollout, sets)
  if (!sets.current) sets = await resolveSets(rollout, true)
  if (sets.current) {
    const { set } = await scaleSet(rollout, sets.current, wantedReplicas(rollout.deployment))
    sets = { ...sets, current: set }
  }
  await finish(rollout, sets)
}

/** New pods come and old ones go step by step, within maxSurge and maxUnavailable. */
export async function rolloutRolling(rollout: Rollout): Promise<void> {
  const sets = await resolveSets(rollout, true)
  if (sets.current) {
    const { set, scaled } = await growCurrent(rollout, sets, sets.current)
    if (scaled) return syncRolloutStatus(rollout, { ...sets, current: set })
    const shrunk = await shrinkOld(rollout, sets, sets.current)
    if (shrunk) return syncRolloutStatus(rollout, { ...sets, old: shrunk })
  }
  await finish(rollout, sets)
}

async function finish(rollout: Rollout, sets: Sets): Promise<void> {
  if (isComplete(rollout.deployment, rollout.deployment.status)) await cleanUp(rollout, sets.old)
  await syncRolloutStatus(rollout, sets)
}

function growCurrent(
  rollout: Rollout,
  sets: Sets,
  current: ReplicaSet,
): Promise<{ set: ReplicaSet; scaled: boolean }> {
  const wanted = wantedReplicas(rollout.deployment)
  const has = replicasOf(current)
  const replicas = has >= wanted ? wanted : newSetReplicas(rollout.deployment, allOf(sets), has)
  return scaleSet(rollout, current, replicas)
}

/** @returns the old sets in their new sizes, or nothing when none could shrink */
async function shrinkOld(
  rollout: Rollout,
  sets: Sets,
  current: ReplicaSet,
): Promise<ReplicaSet[] | undefined> {
  const { deployment } = rollout
  const old = oldestFirst(sets.old)
  if (sum(old, replicasOf) === 0) return undefined
  const minAvailable = wantedReplicas(deployment) - maxUnavailable(deployment)
  const currentUnavailable = replicasOf(current) - availableOf(current)
  let budget = sum(allOf(sets), replicasOf) - minAvailable - currentUnavailable
  if (budget <= 0) return undefined
  let shrunk = false

  const shrink = async (index: number, by: number): Promise<void> => {
    const set = old[index] as ReplicaSet
    const result = await scaleSet(rollout, set, replicasOf(set) - by)
    old[index] = result.set
    shrunk = true
  }

  // First those that do not work anyway: they cost no availability.
  for (const [index, set] of old.entries()) {
    const by = Math.min(budget, replicasOf(set) - availableOf(set))
    if (replicasOf(set) === 0 || by <= 0) continue
    await shrink(index, by)
    budget -= by
  }
  let spare = sum(old, availableOf) + availableOf(current) - minAvailable
  for (const [index, set] of old.entries()) {
    const by = Math.min(replicasOf(set), spare)
    if (by <= 0) continue
    await shrink(index, by)
    spare -= by
  }
  return shrunk ? old : undefined
}
