import { isPodLevelResource, isSidecar } from '../scheduling/pod-resources.ts'
import type { Container, Pod } from '../types/core-v1.ts'
import { addTo, parseQuantities, type Quantities, raiseTo } from './quantities.ts'

/**
 * Requests or limits of a pod as exact quantities: containers and sidecars together, or the hungriest moment of
 * initialisation; those at pod level replace the sums; overhead, if wanted, comes on top (of limits only where there is one).
 */
export function podTotals(
  { spec, status }: Pod,
  which: 'requests' | 'limits',
  options: { overhead?: boolean; useStatus?: boolean } = {},
): Quantities {
  const total: Quantities = new Map()
  if (!spec) return total
  const own = (container: Container, running: boolean): Quantities => {
    const quantities = parseQuantities(container.resources?.[which])
    const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
    const actual =
      options.useStatus && running ? statuses.find(({ name }) => name === container.name) : undefined
    if (actual?.resources) {
      raiseTo(quantities, parseQuantities(actual.resources[which]))
      if (which === 'requests') raiseTo(quantities, parseQuantities(actual.allocatedResources))
    }
    return quantities
  }
  for (const container of spec.containers) addTo(total, own(container, true))

  const sidecars: Quantities = new Map()
  const initialising: Quantities = new Map()
  for (const container of spec.initContainers ?? []) {
    const quantities = own(container, isSidecar(container))
    if (isSidecar(container)) {
      addTo(total, quantities)
      addTo(sidecars, quantities)
      raiseTo(initialising, sidecars)
    } else {
      addTo(quantities, sidecars)
      raiseTo(initialising, quantities)
    }
  }
  raiseTo(total, initialising)

  for (const [name, quantity] of parseQuantities(spec.resources?.[which])) {
    if (isPodLevelResource(name)) total.set(name, quantity)
  }
  if (options.overhead) {
    const overhead = parseQuantities(spec.overhead)
    if (which === 'limits')
      for (const name of [...overhead.keys()]) if (!total.has(name)) overhead.delete(name)
    addTo(total, overhead)
  }
  return total
}
