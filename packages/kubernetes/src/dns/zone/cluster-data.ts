import type { Namespace, Service } from '../../api/types/core-v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/types/discovery-v1.ts'
import type { Informer } from '../../client/informer.ts'
import type { InformerFactory } from '../../client/informer-factory.ts'
import * as resources from '../../client/resources.ts'

/** One address of an endpoint that can be reached, with what it is called. */
export interface EndpointAddress {
  readonly address: string
  /** Its host name, or its address with dashes. */
  readonly hostname: string
  readonly ports: readonly EndpointPort[]
  readonly family: 'IPv4' | 'IPv6'
}

/** What the cluster's zone is made of, looked up in informers. */
export interface ClusterData {
  readonly synced: Promise<unknown>
  hasNamespace(name: string): boolean
  service(namespace: string, name: string): Service | undefined
  endpoints(namespace: string, service: string): EndpointAddress[]
  /** Services that have this address of their own. */
  servicesAt(address: string): Service[]
  /** Endpoints with this address: their Service, and what they are called in it. */
  endpointsAt(address: string): { namespace: string; service: string; hostname: string }[]
}

const serviceLabel = 'kubernetes.io/service-name'
const byService = 'dns/service'
const byAddress = 'dns/address'

export function createClusterData(informers: InformerFactory): ClusterData {
  const namespaces = informers.informer<Namespace>(resources.namespaces)
  const services = informers.informer<Service>(resources.services)
  const slices = informers.informer<EndpointSlice>(resources.endpointSlices)
  services.addIndex(byAddress, clusterIPsOf)
  slices.addIndex(byService, serviceOf)
  slices.addIndex(byAddress, (slice) =>
    (slice.endpoints ?? []).filter(isReady).flatMap(({ addresses }) => addresses),
  )

  return {
    synced: Promise.all([namespaces.synced, services.synced, slices.synced]),
    hasNamespace: (name) => namespaces.get('', name) !== undefined,
    service: (namespace, name) => services.get(namespace, name),
    endpoints: (namespace, service) =>
      slices.byIndex(byService, `${namespace}/${service}`).flatMap(addressesOf),
    servicesAt: (address) => services.byIndex(byAddress, address),
    endpointsAt: (address) => endpointsAt(slices, address),
  }
}

export function clusterIPsOf({ spec }: Service): string[] {
  const addresses = spec?.clusterIPs ?? (spec?.clusterIP ? [spec.clusterIP] : [])
  return addresses.filter((address) => address !== '' && address !== 'None')
}

function serviceOf({ metadata }: EndpointSlice): string[] {
  const name = metadata.labels?.[serviceLabel]
  return name ? [`${metadata.namespace}/${name}`] : []
}

/** A condition that nobody set counts as true. */
function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready ?? true
}

function addressesOf({ endpoints, ports, addressType }: EndpointSlice): EndpointAddress[] {
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return []
  return (endpoints ?? []).filter(isReady).flatMap((endpoint) =>
    endpoint.addresses.map((address) => ({
      address,
      hostname: hostnameOf(endpoint, address),
      ports: ports ?? [],
      family: addressType,
    })),
  )
}

function hostnameOf({ hostname }: Endpoint, address: string): string {
  return hostname || address.replace(/[.:]/g, '-')
}

function endpointsAt(slices: Informer<EndpointSlice>, address: string) {
  return slices.byIndex(byAddress, address).flatMap((slice) => {
    const service = slice.metadata.labels?.[serviceLabel]
    if (!service) return []
    return (slice.endpoints ?? [])
      .filter((endpoint) => isReady(endpoint) && endpoint.addresses.includes(address))
      .map((endpoint) => ({
        namespace: slice.metadata.namespace ?? '',
        service,
        hostname: hostnameOf(endpoint, address),
      }))
  })
}
