import type { Node, Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import type { InformerFactory } from '../../client/informer-factory.ts'
import * as resources from '../../client/resources.ts'
import type { UdpFrontend } from '../conntrack.ts'
import type { NftTable } from '../nft/nft-table.ts'
import type { Source } from '../sync-loop.ts'
import type { UdpFlows } from '../udp-flows.ts'
import { chooseEndpoints, endpointsOf, type ProxyEndpoint } from './endpoints.ts'
import type { HealthChecks } from './health-checks.ts'
import { serviceFragment } from './service-fragment.ts'
import { type ServicePort, servicePorts, withLoadBalancer } from './service-port.ts'

export interface ServiceSourceOptions {
  informers: InformerFactory
  nodeName: string
  nodeIP: string
  podCidr: string
  health: HealthChecks
  flows: UdpFlows
  onChange: () => void
}

const serviceLabel = 'kubernetes.io/service-name'
const byService = 'proxy/service'
const zoneLabel = 'topology.kubernetes.io/zone'
/** Neither Service nor slices of headless Services, which the proxy has nothing to do with. */
const scope = { labelSelector: '!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name' }

/** Services and their endpoints. */
export class ServiceSource implements Source {
  readonly synced: Promise<unknown>
  readonly #options: ServiceSourceOptions
  readonly #services
  readonly #slices
  readonly #stops: (() => void)[]
  /** Services to be looked at again. */
  readonly #dirty = new Set<string>()
  #zone = ''

  constructor(options: ServiceSourceOptions) {
    this.#options = options
    const { informers, nodeName, onChange } = options
    this.#services = informers.informer<Service>(resources.services, scope)
    this.#slices = informers.informer<EndpointSlice>(resources.endpointSlices, scope)
    const nodes = informers.informer<Node>(resources.nodes, { fieldSelector: `metadata.name=${nodeName}` })
    this.#slices.addIndex(byService, (slice) => serviceKey(slice))
    const mark = (key: string | undefined): void => {
      if (key === undefined) return
      this.#dirty.add(key)
      onChange()
    }
    this.#stops = [
      this.#services.listen(({ current, old }) => mark(keyOf(current ?? (old as Service)))),
      this.#slices.listen(({ current, old }) => {
        for (const slice of [current, old]) if (slice) mark(serviceKey(slice)[0])
      }),
      nodes.listen(({ current }) => {
        const zone = current?.metadata.labels?.[zoneLabel] ?? ''
        if (zone === this.#zone) return
        this.#zone = zone
        for (const service of this.#services.list()) mark(keyOf(service))
      }),
    ]
    this.synced = Promise.all([this.#services.synced, this.#slices.synced])
  }

  update(table: NftTable): void {
    for (const key of this.#dirty) {
      this.#dirty.delete(key)
      this.#updateService(table, key)
    }
  }

  stop(): void {
    for (const stop of this.#stops) stop()
  }

  #updateService(table: NftTable, key: string): void {
    const { nodeName, nodeIP, podCidr, health, flows } = this.#options
    const { namespace, name } = splitKey(key)
    const service = this.#services.get(namespace, name)
    const slices = this.#slices.byIndex(byService, key)
    const ports = service ? withLoadBalancer(servicePorts(service), service) : []
    const place = { nodeName, zone: this.#zone }
    const served = ports.map((port) => {
      const endpoints = endpointsOf(port, slices, nodeName)
      return { port, endpoints, choice: chooseEndpoints(port, endpoints, place) }
    })
    table.set(`service ${key}`, served.length > 0 ? serviceFragment(served, { podCidr, nodeIP }) : undefined)
    health.set(key, service?.spec?.healthCheckNodePort, localCount(served))
    flows.set(`service ${key}`, served.flatMap(udpFrontends))
  }
}

function serviceKey({ metadata }: EndpointSlice): string[] {
  const name = metadata.labels?.[serviceLabel]
  return name ? [`${metadata.namespace}/${name}`] : []
}

/** Distinct endpoints on this node that are ready. */
function localCount(served: readonly { endpoints: readonly ProxyEndpoint[] }[]): number {
  const here = served.flatMap(({ endpoints }) => endpoints.filter(({ isLocal, ready }) => isLocal && ready))
  return new Set(here.map(({ ip }) => ip)).size
}

/** The addresses of a UDP port, with who serves it: also those that are about to go, as flows may end there in peace. */
function udpFrontends({
  port,
  endpoints,
}: {
  port: ServicePort
  endpoints: readonly ProxyEndpoint[]
}): UdpFrontend[] {
  if (port.protocol !== 'udp') return []
  const serving = endpoints.filter((endpoint) => endpoint.serving)
  const targets = new Set(serving.map(({ ip, port: number }) => `${ip}:${number}`))
  const addresses = [port.clusterIP, ...port.externalIPs, ...port.loadBalancerIPs]
  const frontends: UdpFrontend[] = addresses.map((ip) => ({ ip, port: port.port, endpoints: targets }))
  if (port.nodePort !== 0) frontends.push({ ip: undefined, port: port.nodePort, endpoints: targets })
  return frontends
}
