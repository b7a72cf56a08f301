import { addQuantity, compareQuantity, formatQuantity, type Quantity } from '../../quantity.ts'
import type { Container, PodSpec } from '../../types/core-v1.ts'
import { quantityOf } from './resources.ts'

type Sums = Map<string, Quantity>

/** What the containers of a pod ask for together, as quantities (for messages; the scheduler counts in numbers). */
export function podResourceTotals(spec: PodSpec): {
  requests: Record<string, string>
  limits: Record<string, string>
} {
  return { requests: total(spec, 'requests'), limits: total(spec, 'limits') }
}

function total(spec: PodSpec, kind: 'requests' | 'limits'): Record<string, string> {
  const running: Sums = new Map()
  const sidecars: Sums = new Map()
  const peak: Sums = new Map()
  for (const container of spec.containers ?? []) add(running, container, kind)
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      add(running, container, kind)
      add(sidecars, container, kind)
      raise(peak, sidecars)
    } else {
      const own: Sums = new Map(sidecars)
      add(own, container, kind)
      raise(peak, own)
    }
  }
  raise(running, peak)
  return Object.fromEntries([...running].map(([name, sum]) => [name, formatQuantity(sum)]))
}

function add(sums: Sums, container: Container, kind: 'requests' | 'limits'): void {
  for (const [name, text] of Object.entries(container.resources?.[kind] ?? {})) {
    const sum = sums.get(name)
    sums.set(name, sum ? addQuantity(sum, quantityOf(text)) : quantityOf(text))
  }
}

function raise(sums: Sums, others: Sums): void {
  for (const [name, other] of others) {
    const sum = sums.get(name)
    if (!sum || compareQuantity(other, sum) > 0) sums.set(name, other)
  }
}
