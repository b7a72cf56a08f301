import { parseQuantity } from '../../api/quantity.ts'
import type { Container, ResourceFieldSelector } from '../../api/types/core-v1.ts'
import { findContainer, type NodePod } from '../pods/node-pod.ts'

/**
 * The value of a downward API `resourceFieldRef`: whole divisors, rounded up. A limit that is not set is what the node
 * can give at most.
 */
export function resourceFieldValue(
  pod: NodePod,
  container: Container | undefined,
  selector: ResourceFieldSelector,
  allocatable: Record<string, string>,
): string {
  const { containerName, resource, divisor } = selector
  const subject = containerName ? findContainer(pod.spec, containerName) : container
  if (!subject) throw new Error(`container ${containerName ?? ''} not found`)
  const [list, name] = split(resource)
  let amount = subject.resources?.[list]?.[name]
  if (list === 'limits' && isZero(amount)) amount = allocatable[name] ?? amount
  return divide(amount, divisor)
}

function split(resource: string): ['limits' | 'requests', string] {
  const dot = resource.indexOf('.')
  const list = resource.slice(0, dot)
  const name = resource.slice(dot + 1)
  const known =
    name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-')
  if ((list === 'limits' || list === 'requests') && known) return [list, name]
  throw new Error(`unsupported container resource : ${resource}`)
}

function isZero(amount: string | undefined): boolean {
  return amount === undefined || (parseQuantity(amount)?.nanos ?? 0n) === 0n
}

function divide(amount: string | undefined, divisor: string | undefined): string {
  const value = parseQuantity(amount ?? '0')?.nanos ?? 0n
  let by = parseQuantity(divisor ?? '1')?.nanos ?? 0n
  if (by === 0n) by = 1_000_000_000n
  return String((value + by - 1n) / by)
}
