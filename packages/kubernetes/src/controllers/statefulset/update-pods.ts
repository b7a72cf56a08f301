import type { StatefulSet } from '../../api/types/apps-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { isPodAvailable, isPodReady, isPodTerminal, isPodTerminating } from '../../client/pod-state.ts'
import { slowStart } from '../common/slow-start.ts'
import {
  firstOrdinal,
  hasIdentity,
  isInRange,
  newPod,
  ordinalOf,
  replicasOf,
  revisionLabel,
} from './identity.ts'
import { applyRevision, type SetRevisions } from './revisions.ts'
import type { StatefulPodControl } from './stateful-pod-control.ts'

/** The pods of a set: `replicas` in order of their ordinals, those not made yet without a status; `condemned` highest first. */
export interface SetPods {
  replicas: Pod[]
  condemned: Pod[]
}

export function sortPods(set: StatefulSet, pods: Pod[], { current, update }: SetRevisions): SetPods {
  const currentSet = applyRevision(set, current)
  const updateSet = applyRevision(set, update)
  const start = firstOrdinal(set)
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(pod), pod]))
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {}
  // Below this ordinal a missing pod comes back as it was before the update.
  const updateFrom = rollingUpdate
    ? start + (rollingUpdate.partition ?? 0)
    : type === 'RollingUpdate'
      ? start + (set.status?.currentReplicas ?? 0)
      : start
  const replicas = Array.from({ length: replicasOf(set) }, (_, index) => {
    const ordinal = start + index
    const existing = byOrdinal.get(ordinal)
    if (existing) return existing
    return ordinal < updateFrom
      ? newPod(currentSet, ordinal, current.metadata.name ?? '')
      : newPod(updateSet, ordinal, update.metadata.name ?? '')
  })
  const condemned = pods
    .filter((pod) => ordinalOf(pod) >= 0 && !isInRange(set, ordinalOf(pod)))
    .sort((a, b) => ordinalOf(b) - ordinalOf(a))
  return { replicas, condemned }
}

/**
 * Brings pods towards the set: first the missing ones, then those that are too many, then, when all that is well, those of
 * an old revision. Ordered sets take one step at a time. Changes `replicas` where pods were created.
 */
export async function updatePods(
  set: StatefulSet,
  { replicas, condemned }: SetPods,
  revisions: SetRevisions,
  control: StatefulPodControl,
  now: number,
): Promise<void> {
  const ordered = set.spec?.podManagementPolicy !== 'Parallel'
  const updateSet = applyRevision(set, revisions.update)
  const isUnavailable = (pod: Pod): boolean =>
    isPodTerminating(pod) || !isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, now)
  const firstUnavailable = [...replicas, ...condemned.toReversed()].find(isUnavailable)

  /** Calls `step` for each; in order, and only until one says that it has to wait. */
  async function forAll(
    pods: Pod[],
    step: (pod: Pod, index: number) => Promise<'go on' | 'wait'>,
  ): Promise<boolean> {
    if (!ordered) {
      const { error } = await slowStart(pods.length, (index) => step(pods[index] as Pod, index))
      if (error !== undefined) throw error
      return true
    }
    for (const [index, pod] of pods.entries()) if ((await step(pod, index)) === 'wait') return false
    return true
  }

  async function ensure(pod: Pod, index: number): Promise<'go on' | 'wait'> {
    if (isPodTerminal(pod)) {
      if (!isPodTerminating(pod)) await control.delete(set, pod)
      return 'wait'
    }
    let present = pod
    if (!isCreated(pod)) {
      if (control.hasStaleClaim(set, pod)) return 'wait'
      present = await control.create(set, pod)
      replicas[index] = present
      if (ordered) return 'wait'
    }
    if (present.status?.phase === 'Pending') await control.createMissingClaims(set, present)
    const settled = present.status?.phase === 'Running' && isPodReady(present) && !isUnavailable(present)
    if (ordered && !settled) return 'wait'
    if (isCreated(pod) && !(hasIdentity(set, present) && control.claimsFit(updateSet, present))) {
      await control.repair(updateSet, present)
    }
    return 'go on'
  }

  async function condemn(pod: Pod): Promise<'go on' | 'wait'> {
    if (isPodTerminating(pod)) return ordered ? 'wait' : 'go on'
    const settled = isPodReady(pod) && !isUnavailable(pod)
    if (ordered && !settled && pod !== firstUnavailable) return 'wait'
    await control.delete(set, pod)
    return 'wait'
  }

  if (!(await forAll(replicas, ensure))) return
  await forAll(condemned, async (pod) => {
    if (!control.claimsFit(updateSet, pod)) await control.fixClaimOwners(updateSet, pod)
    return 'go on'
  })
  if (!(await forAll(condemned, condemn))) return
  if (set.spec?.updateStrategy?.type === 'OnDelete') return
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0
  for (let index = replicas.length - 1; index >= partition; index--) {
    const pod = replicas[index] as Pod
    if (!isPodTerminating(pod) && pod.metadata.labels?.[revisionLabel] !== revisions.update.metadata.name) {
      await control.delete(set, pod)
      return
    }
    if (isUnavailable(pod)) return
  }
}

/** The API server has it: only then it has a phase. */
export function isCreated(pod: Pod): boolean {
  return Boolean(pod.status?.phase)
}
