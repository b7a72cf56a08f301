import { addQuantity, compareQuantity, parseQuantity, type Quantity } from './quantity.ts'
import type { Pod } from './types/core-v1.ts'

export type PodQosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

type ResourceList = Record<string, string> | undefined

/**
 * A pod's quality of service by its cpu and memory: Guaranteed when every container limits both and asks for as much as
 * its limit, BestEffort when nothing is asked for or limited. Resources of the pod as a whole go before its containers'.
 */
export function podQosClass(pod: Pick<Pod, 'spec'>): PodQosClass {
  const { spec } = pod
  const requests = new Map<string, Quantity>()
  const limits = new Map<string, Quantity>()
  let guaranteed = true
  const parts = spec?.resources
    ? [spec.resources]
    : [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map((container) => container.resources)
  for (const resources of parts) {
    addUp(requests, resources?.requests)
    if (addUp(limits, resources?.limits) < 2 && (!spec?.resources || resources?.limits)) guaranteed = false
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort'
  for (const [name, request] of requests) {
    const limit = limits.get(name)
    if (!limit || compareQuantity(limit, request) !== 0) guaranteed = false
  }
  return guaranteed && requests.size === limits.size ? 'Guaranteed' : 'Burstable'
}

/** @returns how many of cpu and memory `list` has an amount of */
function addUp(sums: Map<string, Quantity>, list: ResourceList): number {
  let found = 0
  for (const name of ['cpu', 'memory']) {
    const quantity = parseQuantity(list?.[name] ?? '0')
    if (!quantity || quantity.nanos <= 0n) continue
    found++
    const sum = sums.get(name)
    sums.set(name, sum ? addQuantity(sum, quantity) : quantity)
  }
  return found
}
