import { createHash } from 'node:crypto'
import { compareVersions } from '../../api/compare-versions.ts'
import type { KubeObject } from '../../api/kube-object.ts'
import { apiVersionOf, type ResourceInfo, type SubresourceInfo } from '../../api/resource-info.ts'
import type { Aggregator } from '../aggregator/aggregator.ts'
import type { ResourceCatalog } from '../registry/resource-catalog.ts'
import type { ApiRequest, RequestHandler } from './api-request.ts'
import { negotiate } from './negotiate.ts'
import { respondBytes, respondObject, respondText } from './respond.ts'

interface GroupVersion {
  group: string
  version: string
  resources: ResourceInfo[]
}

/** What the catalog holds, by group in its order, with the documents that were made of it so far. */
class Groups {
  readonly #groups = new Map<string, Map<string, GroupVersion>>()
  readonly #documents = new Map<string, { bytes: Buffer; etag: string }>()

  constructor(catalog: ResourceCatalog, remote: Aggregator) {
    const own = [...catalog.all()]
      .map(({ info }) => info)
      .filter((info) => !remote.find(info.group, info.version))
    for (const info of [...own, ...remote.resources()]) {
      const versions = this.#groups.get(info.group) ?? new Map<string, GroupVersion>()
      this.#groups.set(info.group, versions)
      const { group, version } = info
      const found = versions.get(version) ?? { group, version, resources: [] }
      versions.set(version, found)
      found.resources.push(info)
    }
  }

  /** Without the core group. */
  names(): string[] {
    return [...this.#groups.keys()].filter((group) => group !== '')
  }

  versions(group: string): GroupVersion[] {
    return [...(this.#groups.get(group)?.values() ?? [])].sort((a, b) =>
      compareVersions(a.version, b.version),
    )
  }

  /** JSON that stays the same until the catalog changes. */
  document(name: string, make: () => object): { bytes: Buffer; etag: string } {
    let document = this.#documents.get(name)
    if (!document) {
      const bytes = Buffer.from(`${JSON.stringify(make())}\n`)
      const etag = `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"`
      document = { bytes, etag }
      this.#documents.set(name, document)
    }
    return document
  }
}

const aggregated = /^v2(beta1)?$/

/** Serves `/api`, `/apis`, `/apis/<group>` and the resource lists of versions, plain and aggregated. */
export function createDiscovery(
  catalog: ResourceCatalog,
  remote: Aggregator,
  serverAddress: () => string,
): RequestHandler {
  let groups: Groups | undefined
  const forget = (): void => {
    groups = undefined
  }
  catalog.onChange(forget)
  remote.onChange(forget)
  return async (request) => {
    groups ??= new Groups(catalog, remote)
    const [root, first, second, ...more] = request.info.path.split('/').filter(Boolean)
    if (more.length > 0) return respondText(request, 404, '404 page not found\n')
    if (root === 'api') {
      if (first === undefined) return respondRoot(request, groups, [''], () => apiVersions(serverAddress()))
      return respondList(request, groups, '', first)
    }
    if (first === undefined) {
      const all = groups
      return respondRoot(request, all, all.names(), () => groupList(all))
    }
    if (second !== undefined) return respondList(request, groups, first, second)
    const versions = groups.versions(first)
    if (versions.length === 0) return respondText(request, 404, '404 page not found\n')
    return respondObject(request, 200, { kind: 'APIGroup', apiVersion: 'v1', ...group(versions) })
  }
}

/** `/api` and `/apis`: everything at once for clients that ask for it. */
async function respondRoot(
  request: ApiRequest,
  groups: Groups,
  names: string[],
  plain: () => KubeObject,
): Promise<void> {
  const { headers } = request.message
  const { as, profile, encoding } = negotiate(
    headers.accept,
    ({ kind, group, version }) =>
      kind === 'APIGroupDiscoveryList' && group === 'apidiscovery.k8s.io' && aggregated.test(version),
  )
  if (!as) return respondObject(request, 200, plain(), { encoding })
  const { bytes, etag } = groups.document(`${names.join()} ${as.version}`, () => ({
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${as.version}`,
    metadata: {},
    items: names.map((name) => groupDiscovery(groups, name)),
  }))
  const extra = { etag, vary: 'Accept' }
  if (headers['if-none-match'] === etag) {
    request.response.writeHead(304, extra).end()
    return
  }
  return respondBytes(request, 200, `application/json${profile}`, bytes, extra)
}

async function respondList(
  request: ApiRequest,
  groups: Groups,
  name: string,
  version: string,
): Promise<void> {
  const found = groups.versions(name).find((each) => each.version === version)
  if (!found) return respondText(request, 404, '404 page not found\n')
  return respondObject(request, 200, {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(found),
    resources: found.resources.flatMap(apiResources),
  })
}

function apiVersions(serverAddress: string): KubeObject {
  return {
    kind: 'APIVersions',
    apiVersion: 'v1',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

function groupList(groups: Groups): KubeObject {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.names().map((name) => group(groups.versions(name))),
  }
}

function group(versions: GroupVersion[]): Record<string, unknown> {
  const list = versions.map((each) => ({ groupVersion: apiVersionOf(each), version: each.version }))
  return { name: versions[0]?.group, versions: list, preferredVersion: list[0] }
}

function apiResources(info: ResourceInfo): Record<string, unknown>[] {
  const { resource, singular, namespaced, kind, verbs, shortNames, categories } = info
  const own = {
    name: resource,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
  }
  const subresources = info.subresources.map(({ name, kind: body, verbs }) => ({
    name: `${resource}/${name}`,
    singularName: '',
    namespaced,
    ...(body && (body.group !== info.group || body.version !== info.version)
      ? { group: body.group, version: body.version }
      : {}),
    kind: body?.kind ?? kind,
    verbs,
  }))
  return [own, ...subresources]
}

function groupDiscovery(groups: Groups, name: string): Record<string, unknown> {
  return {
    metadata: { ...(name && { name }), creationTimestamp: null },
    versions: groups.versions(name).map(({ version, resources }) => ({
      version,
      resources: resources.map(resourceDiscovery),
      freshness: 'Current',
    })),
  }
}

function resourceDiscovery(info: ResourceInfo): Record<string, unknown> {
  const { group, version, kind, resource, singular, namespaced, verbs, shortNames, categories } = info
  return {
    resource,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(info.subresources.length > 0 && {
      subresources: info.subresources.map((subresource) => subresourceDiscovery(info, subresource)),
    }),
  }
}

function subresourceDiscovery(
  { group, version, kind }: ResourceInfo,
  subresource: SubresourceInfo,
): Record<string, unknown> {
  return {
    subresource: subresource.name,
    responseKind: subresource.kind ?? { group, version, kind },
    verbs: subresource.verbs,
  }
}
