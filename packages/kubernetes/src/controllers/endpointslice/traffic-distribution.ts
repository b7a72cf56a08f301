import { deepEqual } from '../../api/json.ts'
import type { Service } from '../../api/types/core-v1.ts'
import type { Endpoint, EndpointHints, EndpointSlice } from '../../api/types/discovery-v1.ts'
import type { SliceChanges } from './slice-writer.ts'

/**
 * Puts the hints that `spec.trafficDistribution` asks for on the endpoints: traffic of a zone (or node) stays there.
 * Slices that only lack their hints join those to update.
 */
export function applyHints(
  service: Service,
  changes: SliceChanges,
  unchanged: EndpointSlice[],
): SliceChanges {
  const distribution = service.spec?.trafficDistribution
  const zones =
    distribution === 'PreferClose' || distribution === 'PreferSameZone' || distribution === 'PreferSameNode'
  const hint = (endpoint: Endpoint): Endpoint => {
    const { hints: before, ...rest } = endpoint
    if (!zones) return before ? rest : endpoint
    if (!endpoint.conditions?.ready) return endpoint
    const hints: EndpointHints = {
      ...(endpoint.zone && { forZones: [{ name: endpoint.zone }] }),
      ...(endpoint.nodeName &&
        distribution === 'PreferSameNode' && { forNodes: [{ name: endpoint.nodeName }] }),
    }
    if (deepEqual(before ?? {}, hints)) return endpoint
    return Object.keys(hints).length > 0 ? { ...rest, hints } : rest
  }
  const hinted = (slice: EndpointSlice): EndpointSlice => {
    const endpoints = (slice.endpoints ?? []).map(hint)
    const changed = endpoints.some((endpoint, index) => endpoint !== slice.endpoints?.[index])
    return changed ? { ...slice, endpoints } : slice
  }
  return {
    create: changes.create.map(hinted),
    update: [
      ...changes.update.map(hinted),
      ...unchanged.flatMap((slice) => {
        const next = hinted(slice)
        return next === slice ? [] : next
      }),
    ],
    delete: changes.delete,
  }
}
