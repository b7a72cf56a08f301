import { isReason } from '../../api/api-error.ts'
import { toTime } from '../../api/time.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { findCondition } from '../../client/conditions.ts'
import { pods } from '../../client/resources.ts'

/** What the scheduler writes into the status of a pod that it found no node for. */
export interface Verdict {
  reason: 'Unschedulable' | 'SchedulerError'
  message: string
  /** Node promised to the pod; empty: none any more; `undefined`: leave it as it is. */
  nominatedNodeName?: string
}

/** Writes the PodScheduled condition and the promised node, unless they are there already. */
export async function writeVerdict(client: Client, pod: Pod, verdict: Verdict, now: number): Promise<void> {
  const { namespace, name = '', uid } = pod.metadata
  const before = findCondition(pod.status?.conditions, 'PodScheduled')
  const { reason, message, nominatedNodeName } = verdict
  const same = before?.status === 'False' && before.reason === reason && before.message === message
  const promised = pod.status?.nominatedNodeName ?? ''
  const newPromise = nominatedNodeName !== undefined && nominatedNodeName !== promised
  if (same && !newPromise) return
  const changedAt = before?.status === 'False' ? before.lastTransitionTime : toTime(now)
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    lastProbeTime: null,
    lastTransitionTime: changedAt,
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
  }
  const status = {
    conditions: [condition],
    ...(newPromise && { nominatedNodeName: nominatedNodeName || null }),
  }
  try {
    await client.patch(
      pods,
      namespace,
      name,
      'strategic',
      { metadata: { uid }, status },
      { subresource: 'status' },
    )
  } catch (error) {
    // It is gone, or another one has its name.
    if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
  }
}
