import { deepEqual } from '../../api/json.ts'
import { amounts, podRequests } from '../../api/scheduling/pod-resources.ts'
import type {
  Container,
  ContainerStatus,
  Node,
  PodCondition,
  ResourceRequirements,
} from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { isStaticPod, type NodePod } from './node-pod.ts'

type Resources = Map<string, ResourceRequirements>

/** Why a pod does not get other resources (yet): the condition PodResizePending. */
export interface PendingResize {
  reason: 'Deferred' | 'Infeasible'
  message: string
  generation: number
}

/**
 * What of the node each pod has been given. A pod that asks for other resources while it runs (in-place resize) gets them
 * when they fit, and keeps what it has until then.
 */
export class Allocations {
  private readonly granted = new Map<string, Resources>()
  private readonly waiting = new Map<string, PendingResize>()

  /** The pod with the resources that it has been given; the first time, those that it asks for or its status tells. */
  apply(pod: NodePod): NodePod {
    const { uid } = pod.metadata
    let granted = this.granted.get(uid)
    if (!granted) {
      granted = fromStatus(pod) ?? wanted(pod)
      this.granted.set(uid, granted)
    }
    return isSame(granted, wanted(pod)) ? pod : withResources(pod, granted)
  }

  /**
   * Grants what the pod asks for, if the node has it besides what `others` have. @returns whether anything was granted
   * that it did not have
   */
  resize(pod: NodePod, node: Node, others: readonly NodePod[]): boolean {
    const { uid } = pod.metadata
    const asked = wanted(pod)
    const granted = this.granted.get(uid)
    if (!granted || isSame(granted, asked)) {
      this.waiting.delete(uid)
      return false
    }
    const problem = resizeProblem(pod, node, others)
    if (problem) {
      this.waiting.set(uid, { ...problem, generation: pod.metadata.generation ?? 0 })
      return false
    }
    this.waiting.delete(uid)
    this.granted.set(uid, asked)
    return true
  }

  pending(uid: string): PendingResize | undefined {
    return this.waiting.get(uid)
  }

  /** Pods that wait for others to end. */
  deferred(): string[] {
    return [...this.waiting].filter(([, { reason }]) => reason === 'Deferred').map(([uid]) => uid)
  }

  forget(uid: string): void {
    this.granted.delete(uid)
    this.waiting.delete(uid)
  }
}

/** Those of main and init containers; ephemeral ones have none. */
function resizable(pod: NodePod): Container[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
}

function wanted(pod: NodePod): Resources {
  return new Map(resizable(pod).map(({ name, resources }) => [name, resources ?? {}]))
}

/** After a restart of the kubelet the status still says what was given while a resize was not through. */
function fromStatus(pod: NodePod): Resources | undefined {
  if (!findCondition(pod.status?.conditions, 'PodResizePending')) return undefined
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return new Map(
    resizable(pod).map(({ name, resources = {} }) => [
      name,
      given(
        resources,
        statuses.find((one) => one.name === name),
      ),
    ]),
  )
}

function given(asked: ResourceRequirements, status: ContainerStatus | undefined): ResourceRequirements {
  const { allocatedResources, resources } = status ?? {}
  return {
    ...asked,
    ...(allocatedResources && { requests: { ...asked.requests, ...allocatedResources } }),
    ...(resources?.limits && { limits: { ...asked.limits, ...resources.limits } }),
  }
}

function isSame(left: Resources, right: Resources): boolean {
  return [...left].every(([name, resources]) => deepEqual(resources, right.get(name) ?? {}))
}

function withResources(pod: NodePod, resources: Resources): NodePod {
  const replace = (container: Container): Container => {
    const own = resources.get(container.name)
    return own ? { ...container, resources: own } : container
  }
  const { initContainers, containers } = pod.spec
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: containers.map(replace),
      ...(initContainers && { initContainers: initContainers.map(replace) }),
    },
  }
}

function resizeProblem(
  pod: NodePod,
  node: Node,
  others: readonly NodePod[],
): Pick<PendingResize, 'reason' | 'message'> | undefined {
  if (isStaticPod(pod)) {
    return { reason: 'Infeasible', message: 'In-place resize of static-pods is not supported' }
  }
  const capacity = amounts(node.status?.allocatable)
  const requests = podRequests(pod)
  for (const name of ['cpu', 'memory']) {
    const requested = requests.get(name) ?? 0
    const limit = capacity.get(name) ?? 0
    if (requested > limit) {
      return {
        reason: 'Infeasible',
        message: `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${limit}`,
      }
    }
  }
  for (const name of ['cpu', 'memory']) {
    const used = others.reduce((sum, other) => sum + (podRequests(other).get(name) ?? 0), 0)
    const requested = requests.get(name) ?? 0
    const limit = capacity.get(name) ?? 0
    if (used + requested > limit) {
      return {
        reason: 'Deferred',
        message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${limit}`,
      }
    }
  }
  return undefined
}

export function pendingCondition(
  pending: PendingResize,
): Pick<PodCondition, 'type' | 'status' | 'reason' | 'message' | 'observedGeneration'> {
  const { reason, message, generation } = pending
  return { type: 'PodResizePending', status: 'True', reason, message, observedGeneration: generation }
}
