import type { EndpointAddress, EndpointPort, EndpointSubset } from '../../api/types/core-v1.ts'
import { canonicalJson } from '../common/hash.ts'

/** One address behind one port (or none, for headless Services without ports). */
export interface EndpointEntry {
  address: EndpointAddress
  port?: EndpointPort
  ready: boolean
}

/** The entries of subsets, one by one. */
export function unpackSubsets(subsets: EndpointSubset[] = []): EndpointEntry[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
    const each = [
      ...addresses.map((address) => ({ address, ready: true })),
      ...notReadyAddresses.map((address) => ({ address, ready: false })),
    ]
    if (ports.length === 0) return each
    return ports.flatMap((port) => each.map((entry) => ({ ...entry, port })))
  })
}

/**
 * Entries as the fewest subsets: ports with the same addresses share one. Of entries that differ only in readiness, the
 * one that is not ready counts.
 */
export function packSubsets(entries: EndpointEntry[]): EndpointSubset[] {
  const byPort = new Map<string, { port?: EndpointPort; entries: Map<string, EndpointEntry> }>()
  for (const entry of entries) {
    const portKey = canonicalJson(entry.port ?? null)
    let group = byPort.get(portKey)
    if (!group) {
      group = { ...(entry.port && { port: entry.port }), entries: new Map() }
      byPort.set(portKey, group)
    }
    const key = addressKey(entry.address)
    if (!group.entries.has(key) || !entry.ready) group.entries.set(key, entry)
  }
  const byAddresses = new Map<string, { ports: EndpointPort[]; entries: EndpointEntry[] }>()
  for (const { port, entries: group } of byPort.values()) {
    const sorted = [...group].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
    const key = canonicalJson(sorted.map(({ address, ready }) => [address, ready]))
    const known = byAddresses.get(key)
    if (known && port) known.ports.push(port)
    else if (!known) byAddresses.set(key, { ports: port ? [port] : [], entries: sorted })
  }
  return [...byAddresses.values()]
    .map(({ ports, entries: group }) => {
      const ready = group.filter((entry) => entry.ready).map(({ address }) => address)
      const notReady = group.filter((entry) => !entry.ready).map(({ address }) => address)
      return {
        ...(ready.length > 0 && { addresses: ready }),
        ...(notReady.length > 0 && { notReadyAddresses: notReady }),
        ...(ports.length > 0 && { ports: sortByJson(ports) }),
      }
    })
    .sort((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1))
}

function addressKey({ ip, targetRef }: EndpointAddress): string {
  return `${ip} ${targetRef?.uid ?? ''}`
}

function sortByJson<T>(values: T[]): T[] {
  return values.sort((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1))
}

/** Cuts subsets down to `limit` addresses in all, those that are not ready first. @returns whether it had to */
export function truncateSubsets(subsets: EndpointSubset[], limit: number): boolean {
  const ready = subsets.reduce((sum, { addresses = [] }) => sum + addresses.length, 0)
  const notReady = subsets.reduce((sum, { notReadyAddresses = [] }) => sum + notReadyAddresses.length, 0)
  if (ready + notReady <= limit) return false
  const cutReady = ready > limit
  const field = cutReady ? 'addresses' : 'notReadyAddresses'
  const room = cutReady ? limit : limit - ready
  const total = cutReady ? ready : notReady
  let left = room
  for (const subset of subsets) {
    const addresses = subset[field] ?? []
    const kept = addresses.slice(0, Math.min(left, Math.ceil((addresses.length / total) * room)))
    left -= kept.length
    if (kept.length > 0) subset[field] = kept
    else delete subset[field]
    if (cutReady) delete subset.notReadyAddresses
  }
  return true
}
