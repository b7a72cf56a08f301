import { deepEqual } from '../../api/json.ts'
import type { Endpoint, EndpointSlice } from '../../api/types/discovery-v1.ts'
import { endpointKey } from './desired-slices.ts'
import type { SliceChanges } from './slice-writer.ts'

export interface PackOptions {
  /** Slices with the ports of `endpoints`. */
  existing: EndpointSlice[]
  endpoints: Map<string, Endpoint>
  labels: Record<string, string>
  maxPerSlice: number
  create(endpoints: Endpoint[]): EndpointSlice
}

/**
 * Brings endpoints into slices with the fewest writes: endpoints stay where they are; new ones fill slices that change
 * anyway, then the fullest unchanged one that has room for all that is left, then new slices.
 */
export function packSlices({ existing, endpoints, labels, maxPerSlice, create }: PackOptions): SliceChanges {
  const left = new Map(endpoints)
  const changes: SliceChanges = { create: [], update: [], delete: [] }
  const unchanged: EndpointSlice[] = []
  for (const slice of existing) {
    const before = slice.endpoints ?? []
    let changed = false
    const kept = before.flatMap((endpoint) => {
      const key = endpointKey(endpoint)
      const wanted = left.get(key)
      if (!wanted) return []
      left.delete(key)
      const { hints, ...rest } = endpoint
      if (!deepEqual(rest, wanted)) changed = true
      return hints ? { ...wanted, hints } : wanted
    })
    if (kept.length === 0 && before.length > 0) changes.delete.push(slice)
    else if (changed || kept.length !== before.length || !deepEqual(slice.metadata.labels, labels)) {
      changes.update.push({ ...slice, metadata: { ...slice.metadata, labels }, endpoints: kept })
    } else unchanged.push(slice)
  }

  const rest = [...left.values()]
  changes.update.sort((a, b) => (b.endpoints?.length ?? 0) - (a.endpoints?.length ?? 0))
  for (const slice of changes.update) {
    const room = maxPerSlice - (slice.endpoints?.length ?? 0)
    slice.endpoints = [...(slice.endpoints ?? []), ...rest.splice(0, Math.max(0, room))]
  }
  while (rest.length >= maxPerSlice) changes.create.push(create(rest.splice(0, maxPerSlice)))
  if (rest.length > 0) {
    const fits = unchanged
      .filter(({ endpoints: has = [] }) => has.length + rest.length <= maxPerSlice)
      .sort((a, b) => (b.endpoints?.length ?? 0) - (a.endpoints?.length ?? 0))[0]
    if (fits) changes.update.push({ ...fits, endpoints: [...(fits.endpoints ?? []), ...rest] })
    else changes.create.push(create(rest))
  }
  return changes
}
