import { isIPv6 } from 'node:net'
import type { Node, Pod, Service } from '../../api/types/core-v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/types/discovery-v1.ts'
import { controllerRef } from '../../client/owner-reference.ts'
import { isPodReady } from '../../client/pod-state.ts'
import { canonicalJson } from '../common/hash.ts'
import {
  endpointHostname,
  hasEndpoint,
  isHeadless,
  podAddresses,
  targetPortNumber,
} from '../endpoints/service-pods.ts'
import { managedByLabel, serviceNameLabel } from './slice-writer.ts'

export const sliceManager = 'endpointslice-controller.k8s.io'
const headlessLabel = 'service.kubernetes.io/headless'
const reservedLabels = new Set([serviceNameLabel, managedByLabel, headlessLabel])

/** Endpoints that share their ports, and so their slices. */
export interface PortGroup {
  ports: EndpointPort[]
  endpoints: Map<string, Endpoint>
}

export function addressTypesOf({ spec }: Service): string[] {
  if (spec?.ipFamilies?.length) return spec.ipFamilies
  if (spec?.clusterIP && spec.clusterIP !== 'None') return [isIPv6(spec.clusterIP) ? 'IPv6' : 'IPv4']
  return ['IPv4', 'IPv6']
}

/** Pods in a different order of ports, or on different target ports, are in different groups. */
export function portGroupKey(ports: EndpointPort[] = []): string {
  return canonicalJson(ports.map((port) => canonicalJson(port)).sort())
}

/** What makes two endpoints the same one, whatever its state. */
export function endpointKey({ addresses, hostname, targetRef }: Endpoint): string {
  return canonicalJson([
    [...addresses].sort(),
    hostname ?? '',
    targetRef?.namespace ?? '',
    targetRef?.name ?? '',
  ])
}

/** @returns the groups by {@link portGroupKey}, and pods that had to be left out because their node is unknown */
export function desiredGroups(
  service: Service,
  pods: Pod[],
  addressType: string,
  nodeOf: (name: string) => Node | undefined,
): { groups: Map<string, PortGroup>; withoutNode: Pod[] } {
  const groups = new Map<string, PortGroup>()
  const withoutNode: Pod[] = []
  for (const pod of pods) {
    if (!hasEndpoint(pod, true)) continue
    const ports = portsOf(service, pod)
    const key = portGroupKey(ports)
    const group = groups.get(key) ?? { ports, endpoints: new Map<string, Endpoint>() }
    groups.set(key, group)
    const node = nodeOf(pod.spec?.nodeName ?? '')
    if (!node && !service.spec?.publishNotReadyAddresses) {
      withoutNode.push(pod)
      continue
    }
    const endpoint = endpointOf(pod, node, service, addressType)
    if (endpoint.addresses.length > 0) group.endpoints.set(endpointKey(endpoint), endpoint)
  }
  return { groups, withoutNode }
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = targetPortNumber(pod, servicePort)
    if (port === undefined) return []
    const { name = '', protocol = 'TCP', appProtocol } = servicePort
    return { name, protocol, port, ...(appProtocol && { appProtocol }) }
  })
}

function endpointOf(pod: Pod, node: Node | undefined, service: Service, addressType: string): Endpoint {
  const serving = isPodReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating)
  const { namespace, name, uid } = pod.metadata
  const zone = node?.metadata.labels?.['topology.kubernetes.io/zone']
  const hostname = endpointHostname(pod, service)
  return {
    addresses: podAddresses(pod).filter((address) => isIPv6(address) === (addressType === 'IPv6')),
    conditions: { ready, serving, terminating },
    ...(hostname && { hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
    ...(zone && { zone }),
  }
}

/** The labels of a Service's slices: its own, and what finds them. */
export function sliceLabels(service: Service): Record<string, string> {
  const own = Object.entries(service.metadata.labels ?? {}).filter(([key]) => !reservedLabels.has(key))
  return {
    ...Object.fromEntries(own),
    ...(isHeadless(service) && { [headlessLabel]: '' }),
    [serviceNameLabel]: service.metadata.name ?? '',
    [managedByLabel]: sliceManager,
  }
}

export function newSlice(
  service: Service,
  addressType: string,
  ports: EndpointPort[],
  endpoints: Endpoint[],
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${service.metadata.name}-`,
      ...(service.metadata.namespace && { namespace: service.metadata.namespace }),
      labels: sliceLabels(service),
      ownerReferences: [controllerRef(service, 'v1', 'Service')],
    },
    addressType,
    endpoints,
    ports,
  }
}
