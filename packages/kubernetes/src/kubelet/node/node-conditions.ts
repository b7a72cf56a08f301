import { toTime } from '../../api/time.ts'
import type { NodeCondition } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'

type Condition = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>

/** What there is too little left of. */
export interface Pressure {
  memory: boolean
  disk: boolean
  /** Numbers of processes. */
  pid: boolean
}

/** `problems`: what keeps the node from being ready. */
export function nodeConditions(
  { memory, disk, pid }: Pressure,
  problems: string[],
  before: NodeCondition[],
  now: number,
): NodeCondition[] {
  const time = toTime(now)
  const made: Condition[] = [
    memory
      ? condition(
          'MemoryPressure',
          true,
          'KubeletHasInsufficientMemory',
          'kubelet has insufficient memory available',
        )
      : condition(
          'MemoryPressure',
          false,
          'KubeletHasSufficientMemory',
          'kubelet has sufficient memory available',
        ),
    disk
      ? condition('DiskPressure', true, 'KubeletHasDiskPressure', 'kubelet has disk pressure')
      : condition('DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    pid
      ? condition('PIDPressure', true, 'KubeletHasInsufficientPID', 'kubelet has insufficient PID available')
      : condition('PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    problems.length > 0
      ? condition('Ready', false, 'KubeletNotReady', aggregate(problems))
      : condition('Ready', true, 'KubeletReady', 'kubelet is posting ready status'),
  ]
  return made.map((one) => {
    const old = findCondition(before, one.type)
    const lastTransitionTime = old?.status === one.status ? (old.lastTransitionTime ?? time) : time
    return { ...one, lastHeartbeatTime: time, lastTransitionTime }
  })
}

function condition(type: string, isTrue: boolean, reason: string, message: string): Condition {
  return { type, status: isTrue ? 'True' : 'False', reason, message }
}

function aggregate(problems: string[]): string {
  return problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`
}
