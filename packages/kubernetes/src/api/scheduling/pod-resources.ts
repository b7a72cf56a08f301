import { quantityMilliValue, quantityValue } from '../quantity.ts'
import type { Container, ContainerStatus, Pod } from '../types/core-v1.ts'

/** Amounts by resource name: `cpu` in thousandths of a core, everything else in whole units (bytes, pieces). */
export type ResourceAmounts = Map<string, number>

type ResourceList = Record<string, string> | undefined

export interface PodRequestsOptions {
  /** What containers count that ask for none of a resource. */
  nonMissing?: Readonly<Record<string, number>>
  /** Count what running containers have or are promised (in-place resize), where that is more than the spec says. */
  useStatus?: boolean
}

/** Whether a container restarts and stays beside the others: an init container with restartPolicy Always. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always'
}

/**
 * What a pod asks of its node: containers and sidecars together, or the hungriest moment of initialisation if that is
 * more; requests at pod level replace the sums; overhead comes on top.
 */
export function podRequests(pod: Pod, options: PodRequestsOptions = {}): ResourceAmounts {
  const spec = pod.spec
  const total: ResourceAmounts = new Map()
  if (!spec) return total
  const requestsOf = containerRequests(pod, options)
  for (const container of spec.containers) add(total, requestsOf(container, true))

  const sidecars: ResourceAmounts = new Map()
  const initialising: ResourceAmounts = new Map()
  for (const container of spec.initContainers ?? []) {
    const own = requestsOf(container, isSidecar(container))
    if (isSidecar(container)) {
      add(total, own)
      add(sidecars, own)
      raise(initialising, sidecars)
    } else {
      const moment = new Map(own)
      add(moment, sidecars)
      raise(initialising, moment)
    }
  }
  raise(total, initialising)

  for (const [name, quantity] of Object.entries(spec.resources?.requests ?? {})) {
    if (isPodLevelResource(name)) total.set(name, amountOf(name, quantity))
  }
  add(total, amounts(spec.overhead))
  return total
}

/** Requests may also be given for the pod as a whole; upstream takes those of cpu, memory and huge pages. */
export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')
}

function containerRequests(
  pod: Pod,
  { nonMissing, useStatus }: PodRequestsOptions,
): (container: Container, running: boolean) => ResourceAmounts {
  const statuses = new Map<string, ContainerStatus>()
  if (useStatus) {
    for (const status of pod.status?.containerStatuses ?? []) statuses.set(status.name, status)
    for (const status of pod.status?.initContainerStatuses ?? []) statuses.set(status.name, status)
  }
  const infeasible = pod.status?.conditions?.some(
    ({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible',
  )
  return (container, running) => {
    let own = amounts(container.resources?.requests)
    const status = running ? statuses.get(container.name) : undefined
    if (status?.resources) {
      if (infeasible) own = new Map()
      raise(own, amounts(status.resources.requests))
      raise(own, amounts(status.allocatedResources))
    }
    for (const name in nonMissing) if (!own.has(name)) own.set(name, nonMissing[name] ?? 0)
    return own
  }
}

/** A list of quantities as numbers. */
export function amounts(list: ResourceList): ResourceAmounts {
  const result: ResourceAmounts = new Map()
  for (const name in list) result.set(name, amountOf(name, list[name]))
  return result
}

function amountOf(name: string, quantity: string | undefined): number {
  return name === 'cpu' ? quantityMilliValue(quantity) : quantityValue(quantity)
}

function add(total: ResourceAmounts, more: ResourceAmounts): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0) + amount)
}

function raise(total: ResourceAmounts, floor: ResourceAmounts): void {
  for (const [name, amount] of floor) if (amount > (total.get(name) ?? -1)) total.set(name, amount)
}
