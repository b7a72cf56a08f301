import type { Container } from '../../api/types/core-v1.ts'
import { type ContainerRecord, containerHash, findByName, type PodRecord } from '../containers/pod-record.ts'
import { type ActionInputs, type KillReason, killUnknown, type PodActions } from './compute-actions.ts'
import { isSidecar, type NodePod } from './node-pod.ts'
import { initFailed, restartsAfter } from './restart-policy.ts'

/**
 * Which init containers to start or kill, into `actions`; looks from the last one backwards for how far initialisation
 * came. Upstream's computeInitContainerActions.
 * @returns whether the pod is initialised: its main containers may be looked at
 */
export function computeInitActions(
  pod: NodePod,
  record: PodRecord,
  inputs: ActionInputs,
  actions: PodActions,
): boolean {
  const containers = pod.spec.initContainers ?? []
  if (containers.length === 0) return true
  let initialized = pod.spec.containers.some(({ name }) => {
    const state = findByName(record, name)?.state
    return state === 'created' || state === 'running'
  })
  // Everything before the one that is looked at has been through.
  let pastBefore = initialized
  const toStart: number[] = []
  for (let index = containers.length - 1; index >= 0; index--) {
    const container = containers[index]!
    const latest = findByName(record, container.name)
    if (!latest) {
      if (pastBefore && isSidecar(container)) toStart.push(index)
      continue
    }
    if (pastBefore && !isSidecar(container)) continue
    const step = stepOf(container, latest, pod, inputs)
    if (step.giveUp) {
      actions.killPod = true
      actions.initContainersToStart = []
      return false
    }
    if (step.done) {
      if (index === containers.length - 1) initialized = true
      else if (!(isSidecar(container) && pastBefore)) toStart.push(index + 1)
    }
    if (step.kill) actions.containersToKill.push(step.kill)
    if (step.start) toStart.push(index)
    pastBefore = true
  }
  if (!pastBefore) toStart.push(0)
  actions.initContainersToStart = toStart.reverse()
  return initialized
}

interface Step {
  /** The next one may start. */
  done?: boolean
  start?: boolean
  kill?: PodActions['containersToKill'][number]
  /** The pod has failed. */
  giveUp?: boolean
}

function stepOf(container: Container, latest: ContainerRecord, pod: NodePod, inputs: ActionInputs): Step {
  switch (latest.state) {
    case 'created':
      return { start: true }
    case 'running':
      return isSidecar(container) ? runningSidecar(container, latest, inputs) : {}
    case 'exited': {
      if (isSidecar(container)) return { start: true }
      if (!initFailed(latest)) return { done: true }
      return restartsAfter(container, pod.spec, latest.exitCode) ? { start: true } : { giveUp: true }
    }
    default: {
      const kill = killUnknown(latest, container, 'Init container')
      const restart = (container.restartPolicy ?? pod.spec.restartPolicy) !== 'Never'
      return isSidecar(container) || restart ? { kill, start: true } : { giveUp: true }
    }
  }
}

function runningSidecar(container: Container, latest: ContainerRecord, inputs: ActionInputs): Step {
  const kill = (message: string, reason: KillReason): Step => ({
    start: true,
    kill: { record: latest, container, message: `Init container ${container.name} ${message}`, reason },
  })
  if (container.startupProbe) {
    const startup = inputs.startup.get(latest.id)
    if (startup === 'failure') return kill('failed startup probe', 'startupProbe')
    if (startup !== 'success') return {}
  }
  if (latest.hash !== containerHash(container)) {
    return { done: true, ...kill('definition changed', 'other') }
  }
  if (container.livenessProbe && inputs.liveness.get(latest.id) === 'failure') {
    return { done: true, ...kill('failed liveness probe', 'livenessProbe') }
  }
  return { done: true }
}
