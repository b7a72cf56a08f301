import { ApiError } from '../../api/api-error.ts'
import type { Node, Pod, Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import { endpointSlices, nodes, pods, services } from '../../client/resources.ts'
import type { UpgradeTarget } from '../../streaming/upgrade/upgrade-target.ts'
import { lookUp, lookUpAll, type StoreReader } from '../auth/store-reader.ts'

/** `name`, `name:port` or `scheme:name:port`, as a proxy URL names its target; a part may be empty. */
export interface ProxyName {
  scheme: string
  name: string
  port: string
}

/** @throws ApiError BadRequest */
export function parseProxyName(text: string, kind: string): ProxyName {
  const parts = text.split(':')
  const invalid = () => ApiError.badRequest(`invalid ${kind} request ${JSON.stringify(text)}`)
  if (parts.length > 3) throw invalid()
  const [scheme, name, port] =
    parts.length === 3 ? (parts as [string, string, string]) : ['', parts[0] as string, parts[1] ?? '']
  if (!name || (scheme && scheme !== 'http' && scheme !== 'https')) throw invalid()
  return { scheme, name, port }
}

/** The first declared port of the pod unless one is named. @throws ApiError NotFound, BadRequest */
export function podTarget(store: StoreReader, namespace: string, id: string, path: string): UpgradeTarget {
  const { scheme, name, port } = parseProxyName(id, 'pod')
  const pod = lookUp<Pod>(store, pods, namespace, name)
  if (!pod) throw ApiError.notFound('', 'pods', name)
  const declared = pod.spec?.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort
  const address = pod.status?.podIP
  if (!address) throw ApiError.badRequest('address not allowed')
  return targetAt(scheme || 'http', address, port || (declared ? String(declared) : ''), path)
}

/** A random ready endpoint. @throws ApiError NotFound, ServiceUnavailable */
export function serviceTarget(
  store: StoreReader,
  namespace: string,
  id: string,
  path: string,
): UpgradeTarget {
  const { scheme, name, port } = parseProxyName(id, 'service')
  const service = lookUp<Service>(store, services, namespace, name)
  if (!service) throw ApiError.notFound('', 'services', name)
  const portName = servicePortName(service, port)
  const candidates: { address: string; port: number }[] = []
  for (const slice of lookUpAll<EndpointSlice>(store, endpointSlices, namespace)) {
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== name) continue
    const found = slice.ports?.find((each) => (each.name ?? '') === portName)
    if (!found?.port) continue
    for (const { addresses, conditions } of slice.endpoints ?? []) {
      if (conditions?.ready === false || !addresses[0]) continue
      candidates.push({ address: addresses[0], port: found.port })
    }
  }
  const chosen = candidates[Math.floor(Math.random() * candidates.length)]
  if (!chosen) {
    throw new ApiError('ServiceUnavailable', `no endpoints available for service ${JSON.stringify(id)}`)
  }
  return targetAt(scheme || 'http', chosen.address, String(chosen.port), path)
}

/** Endpoints know ports by the Service port's name. */
function servicePortName({ spec, metadata }: Service, asked: string): string {
  const ports = spec?.ports ?? []
  if (asked === '') return ports.length === 1 ? (ports[0]!.name ?? '') : ''
  const found = ports.find(({ name, port }) => name === asked || String(port) === asked)
  if (found) return found.name ?? ''
  throw new ApiError(
    'ServiceUnavailable',
    `no service port ${JSON.stringify(asked)} found for service ${JSON.stringify(metadata.name)}`,
  )
}

/** Undefined when it is the kubelet that is meant. @throws ApiError NotFound, BadRequest */
export function nodeTarget(store: StoreReader, id: string, path: string): UpgradeTarget | undefined {
  const { scheme, name, port } = parseProxyName(id, 'node')
  const node = lookUp<Node>(store, nodes, '', name)
  if (!node) throw ApiError.notFound('', 'nodes', name)
  const kubeletPort = String(node.status?.daemonEndpoints?.kubeletEndpoint?.Port || 10250)
  if (!port || port === kubeletPort) return undefined
  const address = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  if (!address) throw ApiError.badRequest('address not allowed')
  return targetAt(scheme || 'http', address, port, path)
}

function targetAt(scheme: string, address: string, port: string, path: string): UpgradeTarget {
  const host = address.includes(':') ? `[${address}]` : address
  const url = new URL(`${scheme}://${host}${port && `:${port}`}${path}`)
  // Pods show certificates that nobody here knows.
  return scheme === 'https' ? { url, tls: { rejectUnauthorized: false } } : { url }
}
