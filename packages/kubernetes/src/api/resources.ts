import type { GroupVersionKind } from './kube-object.ts'
import {
  apiVersionOf,
  parseApiVersion,
  type ResourceInfo,
  type SubresourceInfo,
  type Verb,
} from './resource-info.ts'
import generated from './schema/generated/resources.json' with { type: 'json' }
import { hasSchema } from './schema/schemas.ts'

interface Row {
  apiVersion: string
  kind: string
  name: string
  singular: string
  namespaced?: boolean
  shortNames?: string[]
  categories?: string[]
  verbs: string[]
  subresources?: Record<string, { verbs: string[]; kind?: string }>
}

const packages: Record<string, string> = generated.groupVersions
const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** Where objects are not stored in the version they are served in. */
const storageVersions: Record<string, string> = { 'autoscaling/horizontalpodautoscalers': 'v2' }

/**
 * Every resource that Kubernetes serves by default, in discovery's order of groups. `autoscaling` is served in two
 * versions, and events in two groups (`api/conversion/` turns one into the other).
 */
export const builtinResources: readonly ResourceInfo[] = (generated.resources as Row[]).map(resourceOf)

/**
 * Name of a built-in kind's schema: kinds of resources, their lists, reviews, options (`DeleteOptions` and the like exist
 * in every group). Undefined for kinds that are not built in.
 */
export function schemaNameOf(gvk: GroupVersionKind): string | undefined {
  const packageName = packages[apiVersionOf(gvk)]
  const own = `${packageName}.${gvk.kind}`
  if (packageName && hasSchema(own)) return own
  const meta = `${metaPackage}.${gvk.kind}`
  const shared = gvk.group === 'meta.k8s.io' ? gvk.version === 'v1' : packageName !== undefined
  return shared && hasSchema(meta) ? meta : undefined
}

function resourceOf(row: Row): ResourceInfo {
  const { group, version } = parseApiVersion(row.apiVersion)
  return {
    group,
    version,
    kind: row.kind,
    listKind: `${row.kind}List`,
    resource: row.name,
    singular: row.singular,
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    namespaced: row.namespaced ?? false,
    verbs: row.verbs as Verb[],
    subresources: Object.entries(row.subresources ?? {}).map(subresourceOf),
    storageVersion: storageVersions[`${group}/${row.name}`] ?? version,
    schema: `${packages[row.apiVersion]}.${row.kind}`,
  }
}

function subresourceOf([name, { verbs, kind }]: [
  string,
  { verbs: string[]; kind?: string },
]): SubresourceInfo {
  const info: SubresourceInfo = { name, verbs: verbs as Verb[] }
  if (kind) {
    const [apiVersion, kindName] = kind.split(' ') as [string, string]
    info.kind = { ...parseApiVersion(apiVersion), kind: kindName }
  }
  return info
}
