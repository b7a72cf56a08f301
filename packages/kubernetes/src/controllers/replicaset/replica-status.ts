import { labelMapMatcher } from '../../api/label-selector.ts'
import { toTime } from '../../api/time.ts'
import type { ReplicaSetStatus } from '../../api/types/apps-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { isPodAvailable, isPodReady } from '../../client/pod-state.ts'
import { errorMessage } from '../common/errors.ts'
import { omitEmpty } from '../common/omit-empty.ts'
import type { Replicated } from './replica-flavor.ts'

/** What there is to count. */
export interface ReplicaObservation {
  active: Pod[]
  /** Absent where the kind does not count them. */
  terminating?: Pod[]
  failure?: unknown
  now: number
}

export function replicaStatus(
  owner: Replicated,
  { active, terminating, failure, now }: ReplicaObservation,
): ReplicaSetStatus {
  const minReady = owner.spec?.minReadySeconds ?? 0
  const fullyLabeled = labelMapMatcher(owner.spec?.template?.metadata?.labels)
  return {
    ...omitEmpty({
      fullyLabeledReplicas: active.filter(({ metadata }) => fullyLabeled(metadata.labels)).length,
      readyReplicas: active.filter(isPodReady).length,
      availableReplicas: active.filter((pod) => isPodAvailable(pod, minReady, now)).length,
      observedGeneration: owner.metadata.generation,
      conditions: failureConditions(owner, active.length, failure, now),
    }),
    replicas: active.length,
    ...(terminating && { terminatingReplicas: terminating.length }),
  }
}

function failureConditions(
  owner: Replicated,
  active: number,
  failure: unknown,
  now: number,
): ReplicaSetStatus['conditions'] {
  const conditions = owner.status?.conditions ?? []
  const known = findCondition(conditions, 'ReplicaFailure')
  if (failure === undefined) return conditions.filter((condition) => condition !== known)
  // The first failure stays: only its end is news.
  if (known) return conditions
  const reason = active < (owner.spec?.replicas ?? 0) ? 'FailedCreate' : 'FailedDelete'
  return [
    ...conditions,
    {
      type: 'ReplicaFailure',
      status: 'True',
      lastTransitionTime: toTime(now),
      reason,
      message: errorMessage(failure),
    },
  ]
}
