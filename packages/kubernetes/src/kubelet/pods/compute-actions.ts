import type { Container } from '../../api/types/core-v1.ts'
import {
  activeContainers,
  type ContainerRecord,
  containerHash,
  findByName,
  type PodRecord,
  sandboxChange,
} from '../containers/pod-record.ts'
import type { ProbeResults } from '../probes/probe-results.ts'
import { computeInitActions } from './compute-init-actions.ts'
import type { NodePod } from './node-pod.ts'
import { matchingRestartRule, restartsAfter, shouldBeRunning } from './restart-policy.ts'

/** Why a container is killed while its pod lives; decides the grace period. */
export type KillReason = 'startupProbe' | 'livenessProbe' | 'failedPostStartHook' | 'restartAll' | 'other'

export interface ContainerToKill {
  record: ContainerRecord
  container: Container
  message: string
  reason: KillReason
}

export interface ContainerToReset {
  record: ContainerRecord
  container: Container
  /** It runs: kill it before it is removed. */
  kill: boolean
}

/** What has to be done to bring a pod from what the runtime has to what its spec says. Indexes are those of the spec's lists. */
export interface PodActions {
  /** Stop all containers and the sandbox; alone, when nothing of the pod is to run any more. */
  killPod: boolean
  createSandbox: boolean
  /** Of the sandbox in use, or of the one that is replaced; empty when there is none. */
  sandboxId: string
  attempt: number
  initContainersToStart: number[]
  containersToStart: number[]
  ephemeralContainersToStart: number[]
  containersToKill: ContainerToKill[]
  /** Removed so that the whole pod starts over, in this order. */
  containersToReset: ContainerToReset[]
}

export interface ActionInputs {
  liveness: ProbeResults
  startup: ProbeResults
  /** A restart rule has begun to start the whole pod over. */
  restartAll: boolean
  /** Ids of running containers that are to have other resources and want to be started anew for that. */
  resizeByRestart: ReadonlySet<string>
}

/** Pure: nothing is read or changed. The decisions are those of upstream's computePodActions. */
export function computeActions(pod: NodePod, record: PodRecord, inputs: ActionInputs): PodActions {
  const sandbox = sandboxChange(pod.spec.hostNetwork === true, record)
  const actions: PodActions = {
    killPod: sandbox.needed,
    createSandbox: sandbox.needed,
    sandboxId: sandbox.id,
    attempt: sandbox.attempt,
    initContainersToStart: [],
    containersToStart: [],
    ephemeralContainersToStart: [],
    containersToKill: [],
    containersToReset: [],
  }
  if (inputs.restartAll) {
    actions.containersToReset = containersToReset(pod, record)
    return actions
  }
  if (sandbox.needed) {
    startAnew(pod, record, actions)
    return actions
  }
  for (const [index, { name }] of (pod.spec.ephemeralContainers ?? []).entries()) {
    if (!findByName(record, name)) actions.ephemeralContainersToStart.push(index)
  }
  const initialized = computeInitActions(pod, record, inputs, actions)
  if (actions.killPod || !initialized) return actions
  computeMainActions(pod, record, inputs, actions)
  return actions
}

/** The pod has no usable sandbox. */
function startAnew(pod: NodePod, record: PodRecord, actions: PodActions): void {
  const { spec } = pod
  if (spec.restartPolicy === 'Never' && actions.attempt !== 0 && record.containers.length > 0) {
    // Its containers have run, and must not run again.
    actions.createSandbox = false
    return
  }
  const toStart: number[] = []
  for (const [index, container] of spec.containers.entries()) {
    const once = (container.restartPolicy ?? spec.restartPolicy) === 'OnFailure'
    if (once && hasSucceeded(container, record)) continue
    toStart.push(index)
  }
  if (toStart.length === 0 && anyMainCreated(pod, record)) {
    actions.createSandbox = false
    return
  }
  if (spec.initContainers?.length) actions.initContainersToStart = [0]
  else actions.containersToStart = toStart
}

function hasSucceeded(container: Container, record: PodRecord): boolean {
  const latest = findByName(record, container.name)
  return latest?.state === 'exited' && latest.exitCode === 0
}

/** Some main container has been made already: the init containers are through. */
export function anyMainCreated(pod: NodePod, record: PodRecord): boolean {
  return pod.spec.containers.some(({ name }) => {
    const latest = findByName(record, name)
    return latest !== undefined && latest.state !== 'unknown'
  })
}

/** Some main container exists in the sandbox in use. */
export function anyActiveMain(pod: NodePod, record: PodRecord): boolean {
  const active = activeContainers(record)
  return pod.spec.containers.some(({ name }) => active.some((container) => container.name === name))
}

function computeMainActions(
  pod: NodePod,
  record: PodRecord,
  inputs: ActionInputs,
  actions: PodActions,
): void {
  let kept = 0
  for (const [index, container] of pod.spec.containers.entries()) {
    const latest = findByName(record, container.name)
    if (latest?.state !== 'running') {
      if (!shouldBeRunning(container, pod, record)) continue
      actions.containersToStart.push(index)
      if (latest?.state === 'unknown')
        actions.containersToKill.push(killUnknown(latest, container, 'Container'))
      continue
    }
    const verdict = runningVerdict(container, latest, pod, inputs)
    if (!verdict) {
      kept++
      continue
    }
    if (verdict.restart) actions.containersToStart.push(index)
    const message = verdict.restart ? `${verdict.message}, will be restarted` : verdict.message
    actions.containersToKill.push({ record: latest, container, message, reason: verdict.reason })
  }
  if (kept === 0 && actions.containersToStart.length === 0) {
    actions.killPod = true
    actions.initContainersToStart = []
  }
}

interface Verdict {
  message: string
  reason: KillReason
  restart: boolean
}

/** Why a running container must not go on; `undefined`: it may. */
function runningVerdict(
  container: Container,
  latest: ContainerRecord,
  pod: NodePod,
  { liveness, startup, resizeByRestart }: ActionInputs,
): Verdict | undefined {
  const policy = container.restartPolicy ?? pod.spec.restartPolicy
  const restart = policy !== 'Never'
  const { name } = container
  if (latest.hash !== containerHash(container)) {
    return { message: `Container ${name} definition changed`, reason: 'other', restart: true }
  }
  if (liveness.get(latest.id) === 'failure') {
    return { message: `Container ${name} failed liveness probe`, reason: 'livenessProbe', restart }
  }
  if (startup.get(latest.id) === 'failure') {
    return { message: `Container ${name} failed startup probe`, reason: 'startupProbe', restart }
  }
  if (resizeByRestart.has(latest.id)) {
    return { message: `Container ${name} resize requires restart`, reason: 'other', restart: true }
  }
  return undefined
}

export function killUnknown(
  record: ContainerRecord,
  container: Container,
  what: 'Container' | 'Init container',
): ContainerToKill {
  const message = `${what} is in "${record.state}" state, try killing it before restart`
  return { record, container, message, reason: 'other' }
}

/** First those that others asked to start over, last those whose end asked for it, so that the reason is there until the end. */
function containersToReset(pod: NodePod, record: PodRecord): ContainerToReset[] {
  const sources: ContainerToReset[][] = [[], []]
  const targets: ContainerToReset[][] = [[], []]
  for (const [list, containers] of [pod.spec.initContainers ?? [], pod.spec.containers].entries()) {
    for (const container of containers) {
      for (const found of record.containers.filter(({ name }) => name === container.name)) {
        const exited = found.state === 'exited'
        const isSource =
          exited && matchingRestartRule(container, found.exitCode)?.action === 'RestartAllContainers'
        const side = isSource ? sources : targets
        side[list]!.push({ record: found, container, kill: !exited })
      }
    }
  }
  return [...targets[1]!, ...targets[0]!, ...sources[1]!, ...sources[0]!]
}

/** Whether an ended container's exit asks for all of the pod to start over. */
export function asksForRestartOfAll(pod: NodePod, record: PodRecord): boolean {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].some((container) => {
    const latest = findByName(record, container.name)
    if (latest?.state !== 'exited' || !restartsAfter(container, pod.spec, latest.exitCode)) return false
    return matchingRestartRule(container, latest.exitCode)?.action === 'RestartAllContainers'
  })
}
