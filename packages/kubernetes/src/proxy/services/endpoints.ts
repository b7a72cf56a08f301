import { isIPv4 } from 'node:net'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import type { ServicePort } from './service-port.ts'

/** Where a Service's port leads. */
export interface ProxyEndpoint {
  readonly ip: string
  readonly port: number
  readonly isLocal: boolean
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  readonly zones: ReadonlySet<string>
  readonly nodes: ReadonlySet<string>
}

/** What the choice between endpoints depends on. */
export interface Place {
  readonly nodeName: string
  readonly zone: string
}

/** Endpoints of one port, each address and port once, in a fixed order. */
export function endpointsOf(
  port: Pick<ServicePort, 'name' | 'protocol'>,
  slices: readonly EndpointSlice[],
  nodeName: string,
): ProxyEndpoint[] {
  const found = new Map<string, ProxyEndpoint>()
  for (const { ports, endpoints, addressType } of slices) {
    if (addressType !== 'IPv4') continue
    const offered = (ports ?? []).find(
      ({ name = '', protocol = 'TCP' }) => name === port.name && protocol.toLowerCase() === port.protocol,
    )
    if (offered?.port === undefined) continue
    for (const { addresses, conditions, hints, nodeName: node } of endpoints ?? []) {
      const [ip = ''] = addresses
      if (!isIPv4(ip)) continue
      const key = `${ip}:${offered.port}`
      const ready = conditions?.ready ?? true
      // An endpoint may be in two slices while it moves from one to the other: the ready one counts.
      if (found.get(key)?.ready && !ready) continue
      found.set(key, {
        ip,
        port: offered.port,
        isLocal: node === nodeName,
        ready,
        serving: conditions?.serving ?? ready,
        terminating: conditions?.terminating ?? false,
        zones: new Set((hints?.forZones ?? []).map(({ name }) => name)),
        nodes: new Set((hints?.forNodes ?? []).map(({ name }) => name)),
      })
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint)
}

/** The endpoints that each kind of traffic may use. */
export interface Choice {
  /** For policy Cluster; empty when the Service does not use that. */
  readonly cluster: readonly ProxyEndpoint[]
  /** For policy Local. */
  readonly local: readonly ProxyEndpoint[]
  /** Whether anybody, anywhere, serves. */
  readonly any: boolean
}

/**
 * Ready endpoints, or while there are none those that still serve as they go; of these, by hints, the ones near this node.
 * As upstream's pkg/proxy/topology.go.
 */
export function chooseEndpoints(
  port: ServicePort,
  endpoints: readonly ProxyEndpoint[],
  place: Place,
): Choice {
  const leaving = (endpoint: ProxyEndpoint) => endpoint.serving && endpoint.terminating
  const usesLocal = port.internalLocal || port.externalLocal
  const usesCluster = !port.internalLocal || isExternal(port)

  const near = nearby(endpoints, place)
  const readyNear = endpoints.filter((endpoint) => endpoint.ready && near(endpoint))
  const cluster = usesCluster ? (readyNear.length > 0 ? readyNear : endpoints.filter(leaving)) : []
  if (!usesLocal) return { cluster, local: [], any: cluster.length > 0 }

  const here = endpoints.filter(({ isLocal }) => isLocal)
  const readyHere = here.filter(({ ready }) => ready)
  const local = readyHere.length > 0 ? readyHere : here.filter(leaving)
  return { cluster, local, any: endpoints.some((endpoint) => endpoint.ready || leaving(endpoint)) }
}

/** Reachable from outside of the cluster. */
export function isExternal({ nodePort, externalIPs, loadBalancerIPs }: ServicePort): boolean {
  return nodePort !== 0 || externalIPs.length + loadBalancerIPs.length > 0
}

/** Whether an endpoint is meant for this node, when hints say so of every one and some are meant for it. */
function nearby(
  endpoints: readonly ProxyEndpoint[],
  { nodeName, zone }: Place,
): (endpoint: ProxyEndpoint) => boolean {
  const ready = endpoints.filter((endpoint) => endpoint.ready)
  const hinted = (hintsOf: (endpoint: ProxyEndpoint) => ReadonlySet<string>, here: string) =>
    ready.length > 0 &&
    ready.every((endpoint) => hintsOf(endpoint).size > 0) &&
    ready.some((endpoint) => hintsOf(endpoint).has(here))
  if (hinted(({ nodes }) => nodes, nodeName)) return ({ nodes }) => nodes.has(nodeName)
  if (hinted(({ zones }) => zones, zone)) return ({ zones }) => zones.has(zone)
  return () => true
}
