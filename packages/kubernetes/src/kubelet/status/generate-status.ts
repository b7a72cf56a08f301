import { podQosClass } from '../../api/pod-qos.ts'
import type { PodCondition, PodStatus, ResourceRequirements } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { type PodRecord, sandboxChange } from '../containers/pod-record.ts'
import { anyActiveMain, asksForRestartOfAll } from '../pods/compute-actions.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { mayRestartAll } from '../pods/restart-policy.ts'
import { containerStatuses } from './container-statuses.ts'
import { podPhase } from './phase.ts'
import {
  containersReadyCondition,
  initializedCondition,
  type NewCondition,
  readyCondition,
} from './pod-conditions.ts'
import type { StartReasons } from './reasons.ts'

export interface StatusInputs {
  pod: NodePod
  record: PodRecord
  /** What was said last. */
  previous: PodStatus
  reasons: StartReasons
  hostIP: string
  recursiveReadOnly: boolean
  /** Nothing of the pod will run again. */
  terminal: boolean
  /** Of a resize that waits or is under way. */
  resizeConditions: NewCondition[]
  /** What a running container was last given. */
  appliedResources(containerId: string): ResourceRequirements | undefined
  /** Fills in `started` and `ready` of containers. */
  applyProbes(pod: NodePod, status: PodStatus): void
}

/** Conditions that the kubelet alone decides. */
export const ownConditions = new Set([
  'PodScheduled',
  'Ready',
  'Initialized',
  'ContainersReady',
  'PodReadyToStartContainers',
  'PodResizePending',
  'PodResizeInProgress',
  'AllContainersRestarting',
])

/** A pod's status as of now, from what the runtime has of it; times of conditions are not filled in. */
export function generateStatus(inputs: StatusInputs): PodStatus {
  const { pod, record, previous, hostIP } = inputs
  const restartingAll = isRestartingAll(inputs)
  const common = { ...inputs, restartingAll }
  const initContainerStatuses = containerStatuses(common, 'init')
  const mainStatuses = containerStatuses(common, 'main')
  const ephemeral = containerStatuses(common, 'ephemeral')
  const status: PodStatus = {
    observedGeneration: pod.metadata.generation ?? 0,
    qosClass: podQosClass(pod),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...addresses(inputs),
    ...(previous.startTime && { startTime: previous.startTime }),
    ...(initContainerStatuses.length > 0 && { initContainerStatuses }),
    containerStatuses: mainStatuses,
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
  }
  inputs.applyProbes(pod, status)
  const statuses = [...initContainerStatuses, ...mainStatuses]
  applyPhase(inputs, status, podPhase(pod, statuses, inputs.terminal, anyActiveMain(pod, record)))
  status.conditions = conditionsOf(inputs, status, restartingAll)
  return status
}

/** Of the sandbox; a pod that is gone keeps what it had. */
function addresses({ pod, record, hostIP }: StatusInputs): Pick<PodStatus, 'podIP' | 'podIPs'> {
  const ips = pod.spec.hostNetwork ? [hostIP] : record.ips
  return ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }
}

/** Failed and Succeeded are for ever; the reason of a phase stays with it. */
function applyPhase({ pod, previous }: StatusInputs, status: PodStatus, phase: string): void {
  const ended = (one: string | undefined): boolean => one === 'Failed' || one === 'Succeeded'
  status.phase = phase
  if (!ended(phase)) {
    if (ended(previous.phase)) status.phase = previous.phase!
    else if (ended(pod.status?.phase)) status.phase = pod.status!.phase!
  }
  if (status.phase === previous.phase) {
    const reason = previous.reason || pod.status?.reason
    const message = previous.message || pod.status?.message
    if (reason) status.reason = reason
    if (message) status.message = message
  }
  if (ended(pod.status?.phase)) status.phase = pod.status!.phase!
}

function conditionsOf(inputs: StatusInputs, status: PodStatus, restartingAll: boolean): PodCondition[] {
  const { pod, record, previous } = inputs
  const phase = status.phase ?? ''
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  const others = (pod.status?.conditions ?? []).filter(({ type }) => !ownConditions.has(type))
  const disruption = findCondition(previous.conditions, 'DisruptionTarget')
  const kept = disruption ? [...others.filter(({ type }) => type !== 'DisruptionTarget'), disruption] : others
  const sandbox = sandboxChange(pod.spec.hostNetwork === true, record)
  const observedGeneration = pod.metadata.generation ?? 0
  const made: NewCondition[] = [
    { type: 'PodReadyToStartContainers', status: sandbox.needed ? 'False' : 'True' },
    initializedCondition(pod, statuses, phase, previous.conditions ?? []),
    readyCondition(pod, statuses, phase, kept),
    containersReadyCondition(pod, statuses, phase),
    { type: 'PodScheduled', status: 'True' },
    ...(mayRestartAll(pod.spec) ? [restartingAllCondition(phase, restartingAll)] : []),
  ]
  return [
    ...kept,
    ...inputs.resizeConditions.map((one) => ({ observedGeneration, ...one })),
    ...made.map((one) => ({ ...one, observedGeneration })),
  ]
}

function restartingAllCondition(phase: string, restarting: boolean): NewCondition {
  const type = 'AllContainersRestarting'
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' }
  if (!restarting) return { type, status: 'False' }
  const message = 'container exited with restart policy rule'
  return { type, status: 'True', reason: 'RestartAllContainersStarted', message }
}

/** Some container's end asked for it, and not all of what was there has been cleared away. */
function isRestartingAll({ pod, record, previous }: StatusInputs): boolean {
  if (!mayRestartAll(pod.spec)) return false
  if (asksForRestartOfAll(pod, record)) return true
  const begun = findCondition(previous.conditions, 'AllContainersRestarting')?.status === 'True'
  return begun && record.containers.length > 0
}
