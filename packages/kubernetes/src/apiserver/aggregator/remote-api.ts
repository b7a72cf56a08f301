import type { Agent } from 'node:https'
import type { ResourceInfo, Verb } from '../../api/resource-info.ts'
import type { APIService } from '../../api/types/apiregistration-v1.ts'
import type { UpgradeTarget } from '../../streaming/upgrade/upgrade-target.ts'
import type { StoreReader } from '../auth/store-reader.ts'
import type { UserInfo } from '../auth/user-info.ts'

/** PEM: how we prove to aggregated servers that we may speak for users. */
export interface FrontProxyCredentials {
  cert: string
  key: string
}

const discoveryTimeoutMs = 5_000
const defaultPort = 443

/** A group version that another server answers for, behind a Service. */
export class RemoteApi {
  readonly group: string
  readonly version: string
  readonly spec: NonNullable<APIService['spec']>
  /** What its discovery said last. */
  resources: ResourceInfo[] = []
  available = false
  readonly #store: StoreReader
  readonly #credentials: FrontProxyCredentials | undefined
  #agent: Agent | undefined

  constructor(
    spec: NonNullable<APIService['spec']>,
    store: StoreReader,
    credentials: FrontProxyCredentials | undefined,
  ) {
    this.spec = spec
    this.group = spec.group ?? ''
    this.version = spec.version ?? ''
    this.#store = store
    this.#credentials = credentials
  }

  get service(): { namespace: string; name: string; port: number } {
    const { namespace = '', name = '', port = defaultPort } = this.spec.service ?? {}
    return { namespace, name, port }
  }

  /** @throws ApiError when the Service has no endpoint */
  async target(path: string): Promise<UpgradeTarget> {
    const { serviceTarget } = await import('../proxy/proxy-targets.ts')
    const { namespace, name, port } = this.service
    const { url } = serviceTarget(this.#store, namespace, `https:${name}:${port}`, path)
    return { url, tls: this.#tls() }
  }

  async agent(): Promise<Agent> {
    if (!this.#agent) {
      const { Agent } = await import('node:https')
      this.#agent = new Agent({ ...this.#tls(), keepAlive: true })
    }
    return this.#agent
  }

  #tls(): NonNullable<UpgradeTarget['tls']> {
    const { caBundle, insecureSkipTLSVerify } = this.spec
    const { namespace, name } = this.service
    return {
      ...this.#credentials,
      servername: `${name}.${namespace}.svc`,
      rejectUnauthorized: !insecureSkipTLSVerify,
      ...(caBundle && { ca: Buffer.from(caBundle, 'base64').toString() }),
    }
  }

  /** Asks what the server serves. @throws Error when it does not answer well in five seconds */
  async discover(): Promise<ResourceInfo[]> {
    const { request } = await import('node:https')
    const { url } = await this.target(`/apis/${this.group}/${this.version}`)
    const agent = await this.agent()
    const headers = userHeaders({ username: 'system:kube-aggregator', groups: ['system:masters'] })
    const signal = AbortSignal.timeout(discoveryTimeoutMs)
    const text = await new Promise<string>((resolve, reject) => {
      const outgoing = request(url, { agent, headers, signal }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const status = response.statusCode ?? 0
          if (status < 200 || status >= 300) reject(new Error(`bad status from ${url}: ${status}`))
          else resolve(Buffer.concat(chunks).toString())
        })
      })
      outgoing.on('error', reject)
      outgoing.end()
    }).catch((error: Error) => {
      throw new Error(`failing or missing response from ${url}: ${error.message}`)
    })
    const { resources = [] } = JSON.parse(text) as { resources?: RemoteResource[] }
    return resourceInfos(this.group, this.version, resources)
  }

  close(): void {
    this.#agent?.destroy()
  }
}

/** `meta/v1 APIResource`. */
interface RemoteResource {
  name: string
  singularName?: string
  namespaced?: boolean
  kind: string
  group?: string
  version?: string
  verbs?: string[]
  shortNames?: string[]
  categories?: string[]
}

function resourceInfos(group: string, version: string, resources: RemoteResource[]): ResourceInfo[] {
  const infos = new Map<string, ResourceInfo>()
  for (const resource of resources) {
    if (resource.name.includes('/')) continue
    infos.set(resource.name, {
      group,
      version,
      kind: resource.kind,
      listKind: `${resource.kind}List`,
      resource: resource.name,
      singular: resource.singularName ?? '',
      shortNames: resource.shortNames ?? [],
      categories: resource.categories ?? [],
      namespaced: resource.namespaced ?? false,
      verbs: (resource.verbs ?? []) as Verb[],
      subresources: [],
      storageVersion: version,
    })
  }
  for (const { name, kind, group: kindGroup, version: kindVersion, verbs } of resources) {
    const [parent = '', subresource] = name.split('/')
    if (!subresource) continue
    infos.get(parent)?.subresources.push({
      name: subresource,
      verbs: (verbs ?? []) as Verb[],
      kind: { group: kindGroup ?? group, version: kindVersion ?? version, kind },
    })
  }
  return [...infos.values()]
}

/** Tells an aggregated server who asks; it believes us because of our certificate. */
export function userHeaders({
  username,
  uid,
  groups,
  extra = {},
}: UserInfo): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'x-remote-user': username, 'x-remote-group': groups }
  if (uid) headers['x-remote-uid'] = uid
  for (const [key, values] of Object.entries(extra)) {
    headers[`x-remote-extra-${encodeURIComponent(key).toLowerCase()}`] = values
  }
  return headers
}
