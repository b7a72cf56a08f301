import { quantityMilliValue } from '../../api/quantity.ts'
import { toTime } from '../../api/time.ts'
import type {
  Container,
  ContainerState,
  ContainerStatus,
  PodStatus,
  ResourceRequirements,
  VolumeMountStatus,
} from '../../api/types/core-v1.ts'
import { minMilliCpuLimit, minShares } from '../cgroups/cpu.ts'
import { isRecursive } from '../containers/mounts.ts'
import { type ContainerRecord, containerIdOf, findByName, type PodRecord } from '../containers/pod-record.ts'
import { anyMainCreated } from '../pods/compute-actions.ts'
import { isSidecar, type NodePod } from '../pods/node-pod.ts'
import { shouldBeRunning } from '../pods/restart-policy.ts'
import type { StartReasons } from './reasons.ts'

export interface ContainerStatusInputs {
  pod: NodePod
  record: PodRecord
  previous: PodStatus
  reasons: StartReasons
  recursiveReadOnly: boolean
  /** All of the pod is being started over. */
  restartingAll: boolean
  /** What a running container was last given. */
  appliedResources(containerId: string): ResourceRequirements | undefined
}

type Kind = 'init' | 'main' | 'ephemeral'

const unknownReason = 'ContainerStatusUnknown'
const killedExitCode = 137
const restartingAllReason = 'RestartingAllContainers'

/** The statuses of one list of containers, as upstream's convertToAPIContainerStatuses makes them. */
export function containerStatuses(inputs: ContainerStatusInputs, kind: Kind): ContainerStatus[] {
  const containers = containersOf(inputs.pod, kind)
  const before = new Map(previousOf(inputs.previous, kind).map((status) => [status.name, status]))
  const statuses = new Map<string, ContainerStatus>()
  for (const container of containers) {
    statuses.set(container.name, unseen(inputs, container, before.get(container.name)))
  }
  applyRecords(inputs, containers, before, statuses)
  for (const container of containers) applyReason(inputs, container, kind, statuses)
  const list = [...statuses.values()]
  return kind === 'init' ? list : list.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function containersOf(pod: NodePod, kind: Kind): Container[] {
  if (kind === 'init') return pod.spec.initContainers ?? []
  if (kind === 'main') return pod.spec.containers
  return (pod.spec.ephemeralContainers ?? []) as Container[]
}

function previousOf(status: PodStatus, kind: Kind): ContainerStatus[] {
  if (kind === 'init') return status.initContainerStatuses ?? []
  if (kind === 'main') return status.containerStatuses ?? []
  return status.ephemeralContainerStatuses ?? []
}

/** What is said of a container that the runtime does not have. */
function unseen(
  { pod, record, recursiveReadOnly, restartingAll }: ContainerStatusInputs,
  container: Container,
  old: ContainerStatus | undefined,
): ContainerStatus {
  const mounts = volumeMounts(container, recursiveReadOnly)
  const status: ContainerStatus = {
    name: container.name,
    state: { waiting: { reason: pod.spec.initContainers?.length ? 'PodInitializing' : 'ContainerCreating' } },
    lastState: {},
    ready: false,
    restartCount: 0,
    image: container.image ?? '',
    imageID: '',
    ...(mounts.length > 0 && { volumeMounts: mounts }),
  }
  if (!old) return status
  if (old.state?.terminated) return structuredClone(old)
  status.restartCount = old.restartCount
  status.lastState = old.lastState ?? {}
  if (findByName(record, container.name)) return status
  if (restartingAll && !old.state?.waiting) {
    const message = 'The container is removed because RestartAllContainers in place'
    status.state = { waiting: { reason: restartingAllReason, message } }
    status.lastState = { terminated: { reason: restartingAllReason, message, exitCode: killedExitCode } }
    status.restartCount = old.restartCount + 1
  } else if (old.state?.running && !status.lastState?.terminated) {
    status.lastState = {
      terminated: {
        reason: unknownReason,
        message:
          'The container could not be located when the pod was deleted.  The container used to be Running',
        exitCode: killedExitCode,
      },
    }
    if (!pod.metadata.deletionTimestamp) status.restartCount++
  }
  return status
}

function volumeMounts(container: Container, recursiveSupported: boolean): VolumeMountStatus[] {
  return (container.volumeMounts ?? []).map((mount) => {
    const { name, mountPath, readOnly } = mount
    if (!readOnly) return { name, mountPath }
    let recursive = false
    try {
      recursive = isRecursive(mount, recursiveSupported)
    } catch {
      // It will not start; the status says why elsewhere.
    }
    return { name, mountPath, readOnly, recursiveReadOnly: recursive ? 'Enabled' : 'Disabled' }
  })
}

/** The newest run of each container is its state, the one before its last state. */
function applyRecords(
  inputs: ContainerStatusInputs,
  containers: Container[],
  before: Map<string, ContainerStatus>,
  statuses: Map<string, ContainerStatus>,
): void {
  for (const container of containers) {
    const [newest, older] = inputs.record.containers.filter(({ name }) => name === container.name)
    if (!newest) continue
    const old = before.get(container.name)
    const status = fromRecord(inputs, container, newest, old, statuses.get(container.name)!)
    if (older) status.lastState = stateOf(inputs, older, undefined)
    statuses.set(container.name, status)
  }
}

function fromRecord(
  inputs: ContainerStatusInputs,
  container: Container,
  found: ContainerRecord,
  old: ContainerStatus | undefined,
  initial: ContainerStatus,
): ContainerStatus {
  const containerID = containerIdOf(inputs.record, found)
  const same = old?.containerID === containerID
  const status: ContainerStatus = {
    name: container.name,
    state: stateOf(inputs, found, old),
    lastState: {},
    ready: false,
    restartCount: Math.max(found.restartCount, old?.restartCount ?? 0),
    image: found.image,
    imageID: found.imageRef,
    containerID,
  }
  const mounts = old?.volumeMounts ?? initial.volumeMounts
  if (mounts) status.volumeMounts = mounts
  if (old && !same && old.state?.terminated) status.lastState = { terminated: old.state.terminated }
  else if (old?.lastState?.terminated) status.lastState = { terminated: old.lastState.terminated }
  if (
    found.state === 'running' &&
    old?.state?.terminated &&
    !same &&
    old.restartCount >= found.restartCount
  ) {
    status.restartCount = old.restartCount + 1
  }
  if (found.state === 'unknown' && old?.state?.running) status.restartCount = old.restartCount + 1
  // Started once is started for good; probes fill in the rest.
  if (found.state === 'running' && same && old.started !== undefined) status.started = old.started
  const resources = reportedTo(container, found, inputs.appliedResources(found.id))
  if (resources) status.resources = resources
  if (container.resources?.requests) status.allocatedResources = container.resources.requests
  if (found.user) status.user = { linux: found.user }
  return status
}

function stateOf(
  { record, restartingAll }: ContainerStatusInputs,
  found: ContainerRecord,
  old: ContainerStatus | undefined,
): ContainerState {
  switch (found.state) {
    case 'running':
      return { running: { startedAt: toTime(found.startedAt) } }
    case 'exited':
      return {
        terminated: {
          exitCode: found.exitCode,
          ...(found.reason && { reason: found.reason }),
          ...(found.message && { message: found.message }),
          startedAt: toTime(found.startedAt),
          finishedAt: toTime(found.finishedAt),
          containerID: containerIdOf(record, found),
        },
      }
    case 'unknown':
      if (old?.state?.running) {
        return {
          terminated: {
            exitCode: killedExitCode,
            reason: restartingAll ? restartingAllReason : unknownReason,
            message: 'The container could not be located when the pod was terminated',
          },
        }
      }
  }
  return { waiting: {} }
}

/** The spec's resources with what the runtime says it enforces in their place. */
function reportedTo(
  container: Container,
  found: ContainerRecord,
  applied: ResourceRequirements | undefined,
): ResourceRequirements | undefined {
  const resources = found.state === 'running' && applied ? applied : container.resources
  if (!resources || found.state !== 'running' || !found.resources) return resources
  const merge = (list: 'limits' | 'requests', leastCpu: number): Record<string, string> | undefined =>
    resources[list] && { ...resources[list], ...pick(found.resources?.[list], resources[list], leastCpu) }
  const limits = merge('limits', minMilliCpuLimit)
  const requests = merge('requests', minShares)
  return { ...resources, ...(limits && { limits }), ...(requests && { requests }) }
}

/**
 * Only what was asked for: everybody has some cpu shares. Less cpu than the kernel can enforce stays what was asked for.
 * @param leastCpu in thousandths
 */
function pick(
  actual: Record<string, string> | undefined,
  asked: Record<string, string>,
  leastCpu: number,
): Record<string, string> {
  const differs = (name: string, amount: string): boolean =>
    name !== 'cpu' || quantityMilliValue(amount) > leastCpu || quantityMilliValue(asked[name]) > leastCpu
  return Object.fromEntries(
    Object.entries(actual ?? {}).filter(
      ([name, amount]) => asked[name] !== undefined && differs(name, amount),
    ),
  )
}

/** A container that ought to run and does not says why. */
function applyReason(
  inputs: ContainerStatusInputs,
  container: Container,
  kind: Kind,
  statuses: Map<string, ContainerStatus>,
): void {
  const { pod, record, reasons } = inputs
  const status = statuses.get(container.name)!
  if (kind === 'init') {
    const latest = findByName(record, container.name)
    if (latest?.state === 'exited' && latest.exitCode === 0) return
    if (!latest && anyMainCreated(pod, record) && !isSidecar(container) && status.state?.waiting) {
      status.state = {
        terminated: {
          exitCode: 0,
          reason: 'Completed',
          message:
            'Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally',
        },
      }
      return
    }
  }
  if (!shouldBeRunning(container, pod, record)) return
  const failure = reasons.get(pod.metadata.uid, container.name)
  if (!failure) return
  if (status.state?.terminated) status.lastState = status.state
  status.state = { waiting: { reason: failure.reason, message: failure.message } }
}
