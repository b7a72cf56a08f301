import { formatQuantity, quantityValue } from '../../api/quantity.ts'
import type { NodePod } from '../pods/node-pod.ts'
import type { PodStats } from '../stats/summary.ts'
import type { Observation } from './observations.ts'
import { limitOf, signals, type Threshold } from './thresholds.ts'

/** Why a pod has to go, in upstream's words. */
export function evictionMessage(
  pod: NodePod,
  stats: PodStats | undefined,
  threshold: Threshold,
  { available, capacity }: Observation,
): string {
  const { resource } = signals[threshold.signal]
  const quantity = (value: number): string =>
    resource === 'memory' || resource === 'ephemeral-storage' ? bytes(value) : String(value)
  const parts = [
    `The node was low on resource: ${resource}. `,
    `Threshold quantity: ${quantity(limitOf(threshold, capacity))}, available: ${quantity(available)}. `,
  ]
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
  for (const one of stats?.containers ?? []) {
    const container = containers.find(({ name }) => name === one.name)
    const used =
      resource === 'memory'
        ? one.memory?.workingSetBytes
        : resource === 'ephemeral-storage'
          ? (one.rootfs?.usedBytes ?? 0) + (one.logs?.usedBytes ?? 0)
          : undefined
    const request = container?.resources?.requests?.[resource] ?? '0'
    if (!container || used === undefined || used <= quantityValue(request)) continue
    parts.push(
      `Container ${one.name} was using ${bytes(used)}, request is ${request}, has larger consumption of ${resource}. `,
    )
  }
  return parts.join('')
}

/** With the largest binary suffix that leaves a whole number. */
export function bytes(value: number): string {
  return formatQuantity({ nanos: BigInt(Math.round(value)) * 1_000_000_000n, format: 'BinarySI' })
}
