import { amounts, isSidecar, type ResourceAmounts } from '../../api/scheduling/pod-resources.ts'
import type { NodePod } from './node-pod.ts'

/** What a pod's containers may use together; the counterpart of podRequests, without overhead. */
export function podLimits(pod: NodePod): ResourceAmounts {
  const total: ResourceAmounts = new Map()
  for (const { resources } of pod.spec.containers) add(total, amounts(resources?.limits))
  const sidecars: ResourceAmounts = new Map()
  const peak: ResourceAmounts = new Map()
  for (const container of pod.spec.initContainers ?? []) {
    const own = amounts(container.resources?.limits)
    if (isSidecar(container)) {
      add(total, own)
      add(sidecars, own)
      raise(peak, sidecars)
    } else {
      add(own, sidecars)
      raise(peak, own)
    }
  }
  raise(total, peak)
  for (const [name, amount] of amounts(pod.spec.resources?.limits)) total.set(name, amount)
  return total
}

function add(total: ResourceAmounts, more: ResourceAmounts): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0) + amount)
}

function raise(total: ResourceAmounts, floor: ResourceAmounts): void {
  for (const [name, amount] of floor) if (amount > (total.get(name) ?? -1)) total.set(name, amount)
}
