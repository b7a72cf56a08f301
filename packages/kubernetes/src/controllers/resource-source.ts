import type { ResourceInfo } from '../api/resource-info.ts'

/** What the API server serves just now, custom resources among it. */
export interface ResourceSource {
  list(): ResourceInfo[]
  /** Calls back after resources have come or gone. Returns what ends it. */
  onChange(listener: () => void): () => void
}

/** One version of each resource: versions share their objects. */
export function oneVersionEach(resources: ResourceInfo[]): ResourceInfo[] {
  const chosen = new Map<string, ResourceInfo>()
  for (const info of resources) {
    const key = `${info.resource}.${info.group}`
    if (!chosen.has(key) || info.version === info.storageVersion) chosen.set(key, info)
  }
  return [...chosen.values()]
}
