import type { ContainerStatus } from '../../api/types/core-v1.ts'
import { isSidecar, isStaticPod, type NodePod } from '../pods/node-pod.ts'
import { restartsAfter } from '../pods/restart-policy.ts'

/**
 * The phase of a pod by its containers' statuses (main and init). `terminal`: nothing of it will run again;
 * `initialized`: a main container has been started in the present sandbox.
 */
export function podPhase(
  pod: NodePod,
  statuses: ContainerStatus[],
  terminal: boolean,
  initialized: boolean,
): string {
  const init = initCounts(pod, statuses)
  const main = mainCounts(pod, statuses)
  if (init.failed > 0) return 'Failed'
  const waiting = main.waiting + init.waitingSidecars
  const running = main.running + init.runningSidecars
  const unknown = main.unknown + init.unknownSidecars
  if (init.pending > 0 || (init.pendingSidecars > 0 && !initialized) || waiting > 0) return 'Pending'
  if (running > 0 && unknown === 0) return 'Running'
  if (running > 0 || main.stopped === 0 || unknown > 0) return 'Pending'
  const ended = main.stopped === main.succeeded ? 'Succeeded' : 'Failed'
  if (terminal && !isStaticPod(pod)) return ended
  return main.stopped === main.stoppedForGood ? ended : 'Running'
}

function initCounts(
  pod: NodePod,
  statuses: ContainerStatus[],
): {
  pending: number
  failed: number
  pendingSidecars: number
  runningSidecars: number
  waitingSidecars: number
  unknownSidecars: number
} {
  const counts = {
    pending: 0,
    failed: 0,
    pendingSidecars: 0,
    runningSidecars: 0,
    waitingSidecars: 0,
    unknownSidecars: 0,
  }
  for (const container of pod.spec.initContainers ?? []) {
    const status = statuses.find(({ name }) => name === container.name)
    const state = status?.state
    if (isSidecar(container)) {
      if (!status) counts.unknownSidecars++
      else if (state?.running) {
        if (!status.started) counts.pendingSidecars++
        counts.runningSidecars++
      } else if (state?.waiting) {
        if (status.lastState?.terminated) continue
        counts.pendingSidecars++
        counts.waitingSidecars++
      } else if (!state?.terminated) {
        counts.pendingSidecars++
        counts.unknownSidecars++
      }
      continue
    }
    const ended = state?.terminated ?? (state?.waiting ? status?.lastState?.terminated : undefined)
    if (!ended) counts.pending++
    else if (ended.exitCode !== 0 && !mayRestart(pod, container.name, ended)) counts.failed++
  }
  return counts
}

function mainCounts(
  pod: NodePod,
  statuses: ContainerStatus[],
): {
  running: number
  waiting: number
  stopped: number
  stoppedForGood: number
  succeeded: number
  unknown: number
} {
  const counts = { running: 0, waiting: 0, stopped: 0, stoppedForGood: 0, succeeded: 0, unknown: 0 }
  for (const { name } of pod.spec.containers) {
    const status = statuses.find((one) => one.name === name)
    const state = status?.state
    if (state?.running) counts.running++
    else if (state?.terminated) {
      counts.stopped++
      if (!mayRestart(pod, name, state.terminated)) counts.stoppedForGood++
      if (state.terminated.exitCode === 0) counts.succeeded++
    } else if (state?.waiting) {
      const last = status?.lastState?.terminated
      if (!last) counts.waiting++
      else {
        counts.stopped++
        if (!mayRestart(pod, name, last)) counts.stoppedForGood++
      }
    } else counts.unknown++
  }
  return counts
}

function mayRestart(pod: NodePod, name: string, ended: { exitCode: number; reason?: string }): boolean {
  if (ended.reason === 'RestartingAllContainers') return true
  const container = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(
    (one) => one.name === name,
  )
  return container !== undefined && restartsAfter(container, pod.spec, ended.exitCode)
}
