import type { Service } from '../../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../../api/types/discovery-v1.ts'
import type {
  Ingress,
  IngressClass,
  IPAddress,
  NetworkPolicy,
  ServiceCIDR,
} from '../../../api/types/networking-v1.ts'
import { defaultMark, labelsCell, listCell, orNone, selectorCell } from '../formats.ts'
import { columns, type KindTable, type KindTables } from '../kind-table.ts'

const services: KindTable<Service> = {
  columns: columns('Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', '+Selector'),
  cells: (service, { since }) => [
    service.metadata.name ?? '',
    service.spec?.type ?? '',
    orNone(service.spec?.clusterIPs?.[0] ?? service.spec?.clusterIP),
    externalAddresses(service),
    orNone(service.spec?.ports?.map(portCell).join(',')),
    since(service.metadata.creationTimestamp),
    labelsCell(service.spec?.selector),
  ],
}

function portCell({
  port,
  nodePort,
  protocol,
}: {
  port: number
  nodePort?: number
  protocol?: string
}): string {
  return nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`
}

function externalAddresses({ spec, status }: Service): string {
  const external = spec?.externalIPs ?? []
  switch (spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return orNone(external.join(','))
    case 'LoadBalancer': {
      const all = [...ingressAddresses(status?.loadBalancer?.ingress), ...external]
      return all.join(',') || '<pending>'
    }
    case 'ExternalName':
      return spec.externalName ?? ''
    default:
      return '<unknown>'
  }
}

function ingressAddresses(ingress: readonly { ip?: string; hostname?: string }[] | undefined): string[] {
  const addresses = (ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter(Boolean)
  return [...new Set(addresses)].sort()
}

const ingresses: KindTable<Ingress> = {
  columns: columns('Name', 'Class', 'Hosts', 'Address', 'Ports', 'Age'),
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    spec?.ingressClassName ?? '<none>',
    hostsCell(spec?.rules ?? []),
    ingressAddresses(status?.loadBalancer?.ingress).join(','),
    spec?.tls?.length ? '80, 443' : '80',
    since(metadata.creationTimestamp),
  ],
}

/** The first three hosts; rules beyond are counted whether they name a host or not. */
function hostsCell(rules: readonly { host?: string }[]): string {
  const shown: string[] = []
  for (const { host } of rules) {
    if (shown.length === 3) return `${shown.join(',')} + ${rules.length - 3} more...`
    if (host) shown.push(host)
  }
  return shown.join(',') || '*'
}

const ingressClasses: KindTable<IngressClass> = {
  columns: columns('Name', 'Controller', 'Parameters', 'Age'),
  cells: ({ metadata, spec }, { since }) => {
    const parameters = spec?.parameters
    const group = parameters?.apiGroup === undefined ? '' : `.${parameters.apiGroup}`
    return [
      `${metadata.name}${defaultMark(metadata.annotations, ['ingressclass.kubernetes.io/is-default-class'])}`,
      spec?.controller ?? '',
      parameters ? `${parameters.kind}${group}/${parameters.name}` : '<none>',
      since(metadata.creationTimestamp),
    ]
  },
}

const networkPolicies: KindTable<NetworkPolicy> = {
  columns: columns('Name', 'Pod-Selector', 'Age'),
  cells: ({ metadata, spec }, { since }) => [
    metadata.name ?? '',
    selectorCell(spec?.podSelector),
    since(metadata.creationTimestamp),
  ],
}

const endpointSlices: KindTable<EndpointSlice> = {
  columns: columns('Name', 'AddressType', 'Ports', 'Endpoints', 'Age'),
  cells: ({ metadata, addressType, ports, endpoints }, { since }) => [
    metadata.name ?? '',
    addressType,
    listCell(
      (ports ?? []).map(({ port, name }) => String(port ?? name ?? '*')),
      3,
    ) || '<unset>',
    listCell(
      (endpoints ?? []).flatMap(({ addresses }) => addresses),
      3,
    ) || '<unset>',
    since(metadata.creationTimestamp),
  ],
}

const serviceCidrs: KindTable<ServiceCIDR> = {
  columns: columns('Name', 'CIDRs', 'Age'),
  cells: ({ metadata, spec }, { since }) => [
    metadata.name ?? '',
    spec?.cidrs?.join(',') ?? '',
    since(metadata.creationTimestamp),
  ],
}

const ipAddresses: KindTable<IPAddress> = {
  columns: columns('Name', 'ParentRef'),
  cells: ({ metadata, spec }) => {
    const parent = spec?.parentRef
    if (!parent) return [metadata.name ?? '', '<none>']
    const resource = (
      parent.group ? `${parent.resource}.${parent.group}` : (parent.resource ?? '')
    ).toLowerCase()
    return [metadata.name ?? '', [resource, parent.namespace, parent.name].filter(Boolean).join('/')]
  },
}

export const networkingTables: KindTables = {
  '/services': services,
  'networking.k8s.io/ingresses': ingresses,
  'networking.k8s.io/ingressclasses': ingressClasses,
  'networking.k8s.io/networkpolicies': networkPolicies,
  'networking.k8s.io/servicecidrs': serviceCidrs,
  'networking.k8s.io/ipaddresses': ipAddresses,
  'discovery.k8s.io/endpointslices': endpointSlices,
}
