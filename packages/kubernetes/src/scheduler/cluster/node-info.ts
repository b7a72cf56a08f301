import { amounts, type ResourceAmounts } from '../../api/scheduling/pod-resources.ts'
import type { ContainerPort, Node } from '../../api/types/core-v1.ts'
import type { PodInfo } from './pod-info.ts'

/** A node with the pods on it (bound, or about to be) and what they take. */
export class NodeInfo {
  readonly name: string
  #node: Node
  #allocatable: ResourceAmounts
  readonly #pods = new Map<string, PodInfo>()
  readonly #requested: ResourceAmounts = new Map()
  readonly #nonZeroRequested: ResourceAmounts = new Map()
  /** How many of the pods use a host port, have affinity terms, or required anti-affinity terms. */
  #withHostPorts = 0
  #withAffinity = 0
  #withRequiredAnti = 0
  #images: ReadonlyMap<string, number> | undefined

  constructor(node: Node) {
    this.name = node.metadata.name ?? ''
    this.#node = node
    this.#allocatable = amounts(node.status?.allocatable)
  }

  get node(): Node {
    return this.#node
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#node.metadata.labels ?? {}
  }

  get pods(): Iterable<PodInfo> {
    return this.#pods.values()
  }

  get podCount(): number {
    return this.#pods.size
  }

  get hasAffinity(): boolean {
    return this.#withAffinity > 0
  }

  get hasRequiredAntiAffinity(): boolean {
    return this.#withRequiredAnti > 0
  }

  allocatable(resource: string): number {
    return this.#allocatable.get(resource) ?? 0
  }

  requested(resource: string): number {
    return this.#requested.get(resource) ?? 0
  }

  nonZeroRequested(resource: string): number {
    return this.#nonZeroRequested.get(resource) ?? 0
  }

  /** Image name (each of its names) → size in bytes. */
  get images(): ReadonlyMap<string, number> {
    this.#images ??= new Map(
      (this.#node.status?.images ?? []).flatMap(({ names, sizeBytes }) =>
        (names ?? []).map((name): [string, number] => [name, sizeBytes ?? 0]),
      ),
    )
    return this.#images
  }

  hasHostPort(wanted: ContainerPort): boolean {
    if (this.#withHostPorts === 0) return false
    for (const { hostPorts } of this.#pods.values()) {
      if (hostPorts.some((taken) => portsConflict(taken, wanted))) return true
    }
    return false
  }

  setNode(node: Node): void {
    if (node.status?.allocatable !== this.#node.status?.allocatable) {
      this.#allocatable = amounts(node.status?.allocatable)
    }
    this.#images = undefined
    this.#node = node
  }

  get(key: string): PodInfo | undefined {
    return this.#pods.get(key)
  }

  add(pod: PodInfo): void {
    this.remove(pod)
    this.#pods.set(pod.key, pod)
    this.#count(pod, 1)
  }

  /** Removes what is there under the pod's key. */
  remove({ key }: PodInfo): void {
    const known = this.#pods.get(key)
    if (!known) return
    this.#pods.delete(key)
    this.#count(known, -1)
  }

  #count({ requests, nonZeroRequests, hostPorts, affinity }: PodInfo, sign: 1 | -1): void {
    for (const [name, amount] of requests) this.#requested.set(name, this.requested(name) + sign * amount)
    for (const [name, amount] of nonZeroRequests) {
      this.#nonZeroRequested.set(name, this.nonZeroRequested(name) + sign * amount)
    }
    const { required, requiredAnti, preferred, preferredAnti } = affinity
    if (hostPorts.length > 0) this.#withHostPorts += sign
    if (requiredAnti.length > 0) this.#withRequiredAnti += sign
    if (required.length + requiredAnti.length + preferred.length + preferredAnti.length > 0) {
      this.#withAffinity += sign
    }
  }
}

/** The same port and protocol, on the same address or one of them on all. */
export function portsConflict(left: ContainerPort, right: ContainerPort): boolean {
  if (left.hostPort !== right.hostPort) return false
  if ((left.protocol ?? 'TCP') !== (right.protocol ?? 'TCP')) return false
  const [a, b] = [left.hostIP || '0.0.0.0', right.hostIP || '0.0.0.0']
  return a === b || a === '0.0.0.0' || b === '0.0.0.0'
}
