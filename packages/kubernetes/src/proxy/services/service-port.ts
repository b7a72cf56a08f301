import { isIPv4 } from 'node:net'
import type { Service } from '../../api/types/core-v1.ts'

/** One port of a Service, as the proxy sees it. */
export interface ServicePort {
  readonly namespace: string
  readonly service: string
  readonly name: string
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  readonly port: number
  /** 0 for none. */
  readonly nodePort: number
  readonly clusterIP: string
  readonly externalIPs: readonly string[]
  readonly loadBalancerIPs: readonly string[]
  /** Networks that may use the load balancer's addresses; empty for all. */
  readonly sourceRanges: readonly string[]
  readonly internalLocal: boolean
  readonly externalLocal: boolean
  /** Seconds that a client stays with its endpoint; 0 for no affinity. */
  readonly affinitySeconds: number
}

const protocols: readonly string[] = ['tcp', 'udp', 'sctp']

/** The ports that the proxy serves: none of headless and external Services, and of those that another proxy looks after. */
export function servicePorts({ metadata, spec }: Service): ServicePort[] {
  const clusterIP = (spec?.clusterIPs ?? [spec?.clusterIP ?? '']).find((address) => isIPv4(address))
  if (!spec || !clusterIP || spec.type === 'ExternalName') return []
  if (metadata.labels?.['service.kubernetes.io/service-proxy-name'] !== undefined) return []
  const external =
    spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.externalIPs?.length ?? 0) > 0
  const common = {
    namespace: metadata.namespace ?? '',
    service: metadata.name ?? '',
    clusterIP,
    externalIPs: (spec.externalIPs ?? []).filter((address) => isIPv4(address)),
    sourceRanges: (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim()).filter(isCidr),
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal: external && spec.externalTrafficPolicy === 'Local',
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP'
        ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800)
        : 0,
  }
  return (spec.ports ?? []).flatMap((port): ServicePort[] => {
    const protocol = (port.protocol ?? 'TCP').toLowerCase()
    if (!isProtocol(protocol)) return []
    const { name = '', port: number, nodePort = 0 } = port
    return [{ ...common, name, protocol, port: number, nodePort, loadBalancerIPs: [] }]
  })
}

/** The same with the addresses that a load balancer has given to the Service. */
export function withLoadBalancer(ports: ServicePort[], { spec, status }: Service): ServicePort[] {
  if (spec?.type !== 'LoadBalancer') return ports
  // In mode Proxy, the load balancer wants to be passed through, not to be stood in for.
  const addresses = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode }) =>
    ip && isIPv4(ip) && ipMode !== 'Proxy' ? [ip] : [],
  )
  return ports.map((port) => ({ ...port, loadBalancerIPs: addresses }))
}

function isProtocol(text: string): text is ServicePort['protocol'] {
  return protocols.includes(text)
}

export function isCidr(text: string): boolean {
  const [address = '', prefix = ''] = text.split('/')
  return isIPv4(address) && /^\d+$/.test(prefix) && Number(prefix) <= 32
}
