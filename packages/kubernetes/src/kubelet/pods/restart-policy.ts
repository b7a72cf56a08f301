import type { Container, ContainerRestartRule, PodSpec } from '../../api/types/core-v1.ts'
import type { ContainerRecord, PodRecord } from '../containers/pod-record.ts'
import { findByName } from '../containers/pod-record.ts'
import type { NodePod } from './node-pod.ts'

/** The first of the container's own restart rules that its exit code fits. */
export function matchingRestartRule(
  container: Container,
  exitCode: number,
): ContainerRestartRule | undefined {
  return container.restartPolicyRules?.find(({ exitCodes }) => {
    if (!exitCodes) return false
    const listed = exitCodes.values?.includes(exitCode) ?? false
    return exitCodes.operator === 'In' ? listed : exitCodes.operator === 'NotIn' && !listed
  })
}

/** Whether a container that ended with `exitCode` runs again: its own rules and policy first, then the pod's. */
export function restartsAfter(container: Container, spec: PodSpec, exitCode: number): boolean {
  if (container.restartPolicy) {
    const rule = matchingRestartRule(container, exitCode)
    if (rule?.action === 'Restart' || rule?.action === 'RestartAllContainers') return true
  }
  switch (container.restartPolicy ?? spec.restartPolicy) {
    case 'OnFailure':
      return exitCode !== 0
    case 'Never':
      return false
    default:
      return true
  }
}

/** Whether the container is to be started, given what the runtime knows of it. */
export function shouldBeRunning(container: Container, pod: NodePod, record: PodRecord): boolean {
  if (pod.metadata.deletionTimestamp) return false
  const latest = findByName(record, container.name)
  if (!latest) return true
  if (latest.state === 'running') return false
  if (latest.state === 'unknown' || latest.state === 'created') return true
  return restartsAfter(container, pod.spec, latest.exitCode)
}

/** An init container that did not do its work. */
export function initFailed(record: ContainerRecord): boolean {
  return (
    record.reason === 'OOMKilled' ||
    (record.state === 'exited' && record.exitCode !== 0) ||
    record.state === 'unknown'
  )
}

/** Some rule of the pod says that all containers start over. */
export function mayRestartAll(spec: PodSpec): boolean {
  return [...(spec.initContainers ?? []), ...spec.containers].some((container) =>
    container.restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  )
}
