import { statfs } from 'node:fs/promises'
import { toTime } from '../../api/time.ts'
import type { NodeCondition } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { availableMemory } from './machine.ts'

/**
 * Below these the node says that it is under pressure. Memory as upstream; of the disk minikube lets be used what there
 * is, as it is the user's own: only when next to nothing is left it must not become less.
 */
const leastMemory = 100 * 1024 * 1024
const leastDisk = 256 * 1024 * 1024
const leastInodes = 1000

type Condition = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>

export interface Pressure {
  memory: boolean
  disk: boolean
}

/** Looks at the machine once. `disks` are directories on the file systems that matter. */
export async function readPressure(disks: string[]): Promise<Pressure> {
  const [memory, ...stats] = await Promise.all([availableMemory(), ...disks.map((disk) => statfs(disk))])
  return {
    memory: memory < leastMemory,
    disk: stats.some(
      ({ bavail, bsize, ffree, files }) => bavail * bsize < leastDisk || (files > 0 && ffree < leastInodes),
    ),
  }
}

/** `problems`: what keeps the node from being ready. */
export function nodeConditions(
  { memory, disk }: Pressure,
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
    condition('PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
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
