import type { ContainerStatus, PodCondition } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { isSidecar, type NodePod } from '../pods/node-pod.ts'

/** A condition without its times, which are filled in by comparing with the one before. */
export type NewCondition = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>

function condition(type: string, isTrue: boolean, reason?: string, message?: string): NewCondition {
  return { type, status: isTrue ? 'True' : 'False', ...(reason && { reason }), ...(message && { message }) }
}

export function containersReadyCondition(
  pod: NodePod,
  statuses: ContainerStatus[],
  phase: string,
): NewCondition {
  return readyOf('ContainersReady', pod, statuses, phase)
}

function readyOf(type: string, pod: NodePod, statuses: ContainerStatus[], phase: string): NewCondition {
  const unknown: string[] = []
  const unready: string[] = []
  for (const { name } of [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers]) {
    const status = statuses.find((one) => one.name === name)
    if (!status) unknown.push(name)
    else if (!status.ready) unready.push(name)
  }
  if (phase === 'Succeeded' && unknown.length === 0) return condition(type, false, 'PodCompleted')
  if (phase === 'Failed') return condition(type, false, 'PodFailed')
  const message = messageOf(unknown, unready, 'unready')
  return message ? condition(type, false, 'ContainersNotReady', message) : condition(type, true)
}

/** Names in brackets, as Go prints a list. */
function messageOf(unknown: string[], lacking: string[], what: string): string {
  const parts: string[] = []
  if (unknown.length > 0) parts.push(`containers with unknown status: [${unknown.join(' ')}]`)
  if (lacking.length > 0) parts.push(`containers with ${what} status: [${lacking.join(' ')}]`)
  return parts.join(', ')
}

/** `others` are the conditions that readiness gates may name. */
export function readyCondition(
  pod: NodePod,
  statuses: ContainerStatus[],
  phase: string,
  others: { type: string; status: string }[],
): NewCondition {
  const containers = readyOf('Ready', pod, statuses, phase)
  if (containers.status !== 'True') return containers
  const problems: string[] = []
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const gate = findCondition(others, conditionType)
    if (!gate) {
      problems.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`)
    } else if (gate.status !== 'True') {
      problems.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`)
    }
  }
  return problems.length > 0
    ? condition('Ready', false, 'ReadinessGatesNotReady', problems.join(', '))
    : containers
}

export function initializedCondition(
  pod: NodePod,
  statuses: ContainerStatus[],
  phase: string,
  previous: { type: string; status: string }[],
): NewCondition {
  const unknown: string[] = []
  const incomplete: string[] = []
  for (const container of pod.spec.initContainers ?? []) {
    const status = statuses.find(({ name }) => name === container.name)
    if (!status) unknown.push(container.name)
    else if (!(isSidecar(container) ? status.started : status.ready)) incomplete.push(container.name)
  }
  const type = 'Initialized'
  if (phase === 'Succeeded' && unknown.length === 0) return condition(type, true, 'PodCompleted')
  const main = new Set(pod.spec.containers.map(({ name }) => name))
  const begun = statuses.some(({ name, state }) => main.has(name) && (state?.running || state?.terminated))
  if (begun) return condition(type, true)
  const message = messageOf(unknown, incomplete, 'incomplete')
  // Initialised stays initialised, even when all of the pod is started over.
  if (!message || findCondition(previous, type)?.status === 'True') return condition(type, true)
  return condition(type, false, 'ContainersNotInitialized', message)
}
