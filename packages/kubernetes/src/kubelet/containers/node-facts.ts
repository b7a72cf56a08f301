import type { Node, Service } from '../../api/types/core-v1.ts'
import type { DnsSettings } from '../network/pod-dns.ts'

/** What pods need to know of the node they are on; current whenever it is asked for. */
export interface NodeFacts {
  readonly nodeIP: string
  /** Bytes. */
  readonly memoryCapacity: number
  readonly dns: DnsSettings
  allocatable(): Record<string, string>
  node(): Node | undefined
  /** Of all namespaces. Resolves when they have been read once. */
  services(): Promise<readonly Service[]>
  /** Can the runtime handler (empty: the default one) do this? */
  supports(handler: string, feature: 'recursiveReadOnlyMounts' | 'userNamespaces'): boolean
}
