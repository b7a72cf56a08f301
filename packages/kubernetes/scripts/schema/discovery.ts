import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A row of `resources.json`: what discovery says of one resource. */
export interface ResourceRow {
  /** `apiVersion` of the resource. */
  apiVersion: string
  kind: string
  name: string
  singular: string
  namespaced?: true
  shortNames?: string[]
  categories?: string[]
  verbs: string[]
  /** By name; `kind` as `<apiVersion> <kind>` where it is not the parent's. */
  subresources?: Record<string, { verbs: string[]; kind?: string }>
}

interface ApiResource {
  name: string
  singularName: string
  kind: string
  group?: string
  version?: string
  namespaced: boolean
  shortNames?: string[]
  categories?: string[]
  verbs: string[]
}

/**
 * Reads the discovery documents that a Kubernetes tree keeps (`api/discovery`). `served` holds the group versions to take.
 */
export function readDiscovery(folder: string, served: ReadonlySet<string>): ResourceRow[] {
  const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'))
  const rows = rowsOf('v1', read('api__v1.json').resources)
  for (const group of read('aggregated_v2.json').items) {
    for (const { version } of group.versions) {
      const apiVersion = `${group.metadata.name}/${version}`
      const file = `apis__${group.metadata.name}__${version}.json`
      if (served.has(apiVersion) && existsSync(join(folder, file))) {
        rows.push(...rowsOf(apiVersion, read(file).resources))
      }
    }
  }
  return rows
}

function rowsOf(apiVersion: string, resources: ApiResource[]): ResourceRow[] {
  const rows = new Map<string, ResourceRow>()
  for (const resource of resources.filter((each) => !each.name.includes('/'))) {
    rows.set(resource.name, {
      apiVersion,
      kind: resource.kind,
      name: resource.name,
      singular: resource.singularName,
      ...(resource.namespaced && { namespaced: true as const }),
      ...(resource.shortNames && { shortNames: resource.shortNames }),
      ...(resource.categories && { categories: resource.categories }),
      verbs: resource.verbs,
    })
  }
  for (const resource of resources.filter((each) => each.name.includes('/'))) {
    const [parent, name] = resource.name.split('/') as [string, string]
    const row = rows.get(parent)!
    const owner = resource.version ? [resource.group, resource.version].filter(Boolean).join('/') : apiVersion
    row.subresources ??= {}
    row.subresources[name] = {
      verbs: resource.verbs,
      ...((resource.kind !== row.kind || owner !== apiVersion) && { kind: `${owner} ${resource.kind}` }),
    }
  }
  return [...rows.values()]
}
