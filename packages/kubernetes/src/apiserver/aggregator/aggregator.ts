import { deepEqual } from '../../api/json.ts'
import type { StoredKubeObject } from '../../api/kube-object.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import type { APIService } from '../../api/types/apiregistration-v1.ts'
import type { Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import type { Client } from '../../client/client.ts'
import { createWorkQueue } from '../../client/create-work-queue.ts'
import { apiServices, endpointSlices, services } from '../../client/resources.ts'
import type { WorkQueue } from '../../client/work-queue.ts'
import type { Logger } from '../../log.ts'
import { follow, lookUp, lookUpAll, type StoreReader } from '../auth/store-reader.ts'
import type { ApiRequest } from '../http/api-request.ts'
import { respondText } from '../http/respond.ts'
import { type Availability, withCondition } from './local-api-services.ts'
import { type FrontProxyCredentials, RemoteApi, userHeaders } from './remote-api.ts'

/** A server that does not answer is asked again at least this often. */
const retryMs = 30_000

export interface AggregatorOptions {
  store: StoreReader
  client: Client
  credentials: FrontProxyCredentials | undefined
  log: Logger
}

/** Group versions that other servers answer for: passes requests on, and knows whether and what they serve. */
export class Aggregator {
  readonly #options: AggregatorOptions
  /** By the APIService's name, `<version>.<group>`. */
  readonly #remotes = new Map<string, RemoteApi>()
  readonly #listeners = new Set<() => void>()
  readonly #ends: (() => void)[]
  readonly #queue: WorkQueue

  constructor(options: AggregatorOptions) {
    this.#options = options
    const { store, log } = options
    this.#queue = createWorkQueue({
      name: 'aggregator',
      maxBackoffMs: retryMs,
      reconcile: (name) => this.#check(name),
      onError: (name, error) => log.warn('an aggregated API does not answer', { name, error }),
    })
    this.#ends = [
      follow<APIService>(store, apiServices, ({ current, previous }) => this.#follow(current, previous)),
      follow<Service>(store, services, ({ current, previous }) => {
        const { namespace, name } = (current ?? previous)!.metadata
        this.#recheck(namespace, name)
      }),
      follow<EndpointSlice>(store, endpointSlices, ({ current, previous }) => {
        const { namespace, labels } = (current ?? previous)!.metadata
        this.#recheck(namespace, labels?.['kubernetes.io/service-name'])
      }),
    ]
  }

  find(group: string, version: string): RemoteApi | undefined {
    return this.#remotes.size === 0 ? undefined : this.#remotes.get(`${version}.${group}`)
  }

  /** What the reachable ones serve, for discovery. */
  resources(): ResourceInfo[] {
    return [...this.#remotes.values()].flatMap(({ resources }) => resources)
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Passes a request on, in the name of its user. */
  async handle(request: ApiRequest, remote: RemoteApi): Promise<void> {
    if (!remote.available) return respondText(request, 503, 'service unavailable\n')
    const { proxyRequest } = await import('../proxy/http-proxy.ts')
    const target = await remote.target(request.message.url ?? '/')
    const headers = userHeaders(request.user)
    return proxyRequest(request, target, { agent: await remote.agent(), headers })
  }

  async close(): Promise<void> {
    for (const end of this.#ends) end()
    await this.#queue.stop()
    for (const remote of this.#remotes.values()) remote.close()
  }

  #follow(current: APIService | undefined, previous: APIService | undefined): void {
    const name = (current ?? previous)!.metadata.name ?? ''
    const known = this.#remotes.get(name)
    const spec = current?.spec?.service ? current.spec : undefined
    if (known && deepEqual(known.spec, spec)) return
    if (!known && !spec) return
    known?.close()
    this.#remotes.delete(name)
    if (spec) {
      const { store, credentials } = this.#options
      this.#remotes.set(name, new RemoteApi(spec, store, credentials))
      this.#queue.add(name)
    }
    this.#changed()
  }

  #recheck(namespace: string | undefined, name: string | undefined): void {
    for (const [key, { service }] of this.#remotes) {
      if (service.namespace === namespace && service.name === name) this.#queue.add(key)
    }
  }

  /** Finds out whether a server is there and what it serves. Throws to be called again. */
  async #check(name: string): Promise<void> {
    const remote = this.#remotes.get(name)
    if (!remote) return
    const missing = missingPart(this.#options.store, remote)
    let failure: Error | undefined
    let resources: ResourceInfo[] = []
    if (!missing) {
      try {
        resources = await remote.discover()
      } catch (error) {
        failure = error as Error
      }
    }
    if (this.#remotes.get(name) !== remote) return
    remote.available = !missing && !failure
    if (remote.available && !deepEqual(resources, remote.resources)) {
      remote.resources = resources
      this.#changed()
    }
    await this.#tell(
      name,
      missing ??
        (failure
          ? { status: 'False', reason: 'FailedDiscoveryCheck', message: failure.message }
          : { status: 'True', reason: 'Passed', message: 'all checks passed' }),
    )
    if (failure) throw failure
  }

  async #tell(name: string, availability: Availability): Promise<void> {
    const object = lookUp<StoredKubeObject>(this.#options.store, apiServices, '', name)
    if (!object) return
    const next = withCondition(object, availability)
    if (next !== object) await this.#options.client.update(apiServices, next, { subresource: 'status' })
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** Why a server cannot be there, seen from its Service. */
function missingPart(store: StoreReader, { service }: RemoteApi): Availability | undefined {
  const { namespace, name, port } = service
  const no = (reason: string, message: string): Availability => ({ status: 'False', reason, message })
  const found = lookUp<Service>(store, services, namespace, name)
  if (!found) return no('ServiceNotFound', `service/${name} in ${JSON.stringify(namespace)} is not present`)
  if (found.spec?.type !== 'ClusterIP') return undefined
  const served = found.spec.ports?.find((each) => each.port === port)
  if (!served) {
    return no(
      'ServicePortError',
      `service/${name} in ${JSON.stringify(namespace)} is not listening on port ${port}`,
    )
  }
  const slices = lookUpAll<EndpointSlice>(store, endpointSlices, namespace).filter(
    ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name,
  )
  if (slices.length === 0) {
    return no(
      'EndpointsNotFound',
      `cannot find endpointslices for service/${name} in ${JSON.stringify(namespace)}`,
    )
  }
  const portName = served.name ?? ''
  const isReady = slices.some(
    ({ endpoints, ports }) =>
      endpoints?.some(({ conditions }) => conditions?.ready !== false) &&
      ports?.some((each) => (each.name ?? '') === portName && each.port),
  )
  if (isReady) return undefined
  return no(
    'MissingEndpoints',
    `endpointslices for service/${name} in ${JSON.stringify(namespace)} have no addresses with port name ${JSON.stringify(portName)}`,
  )
}
