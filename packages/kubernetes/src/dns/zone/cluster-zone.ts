import { isIP, isIPv4, isIPv6 } from 'node:net'
import type { Service } from '../../api/types/core-v1.ts'
import {
  type Answer,
  type DnsRecord,
  lowerCase,
  type Name,
  nameOf,
  recordType,
  responseCode,
} from '../wire/record.ts'
import { type ClusterData, clusterIPsOf, type EndpointAddress } from './cluster-data.ts'

/** Seconds that an answer, or its absence, may be remembered. */
export const timeToLive = 30
/** Version of the specification of names that the zone follows. */
const specification = '1.1.0'

export interface ClusterZoneOptions {
  /** `cluster.local` */
  domain: string
  /** Address of the name server as pods see it. */
  serverAddress: string
  data: ClusterData
}

/** Where an answer goes on: an external name that stands for a Service. */
export interface Alias {
  readonly alias: DnsRecord & { type: 'CNAME' }
}

type Found = { records: DnsRecord[]; additionals?: DnsRecord[] } | Alias | undefined

/** The names of a cluster's Services, their endpoints, and its pods. */
export class ClusterZone {
  readonly origin: Name
  readonly #data: ClusterData
  readonly #serverAddress: string

  constructor({ domain, serverAddress, data }: ClusterZoneOptions) {
    this.origin = lowerCase(nameOf(domain))
    this.#data = data
    this.#serverAddress = serverAddress
  }

  /** `undefined` for names outside of the zone. */
  answer(name: Name, type: number): Answer | Alias | undefined {
    const labels = this.#within(lowerCase(name))
    if (!labels) return undefined
    const found = this.#find(name, labels, type)
    if (found && 'alias' in found) return found
    if (!found) return this.#nothing(responseCode.noSuchName)
    if (found.records.length === 0) return this.#nothing(responseCode.success)
    return { code: responseCode.success, authoritative: true, answers: found.records, ...found }
  }

  /** The record that says who is responsible, and how long nothing may be remembered. */
  get startOfAuthority(): DnsRecord {
    const primary = ['ns', 'dns', ...this.origin]
    const mailbox = ['hostmaster', ...this.origin]
    return { name: this.origin, ttl: timeToLive, type: 'SOA', primary, mailbox, serial: 1 }
  }

  #nothing(code: number): Answer {
    return { code, authoritative: true, answers: [], authorities: [this.startOfAuthority] }
  }

  /** The labels before the origin, the last one first: `svc`, namespace, service, … */
  #within(name: Name): Name | undefined {
    const rest = name.length - this.origin.length
    if (rest < 0 || this.origin.some((label, index) => name[rest + index] !== label)) return undefined
    return name.slice(0, rest).reverse()
  }

  /** `undefined`: no such name; no records: a name without records of that type. */
  #find(name: Name, labels: Name, type: number): Found {
    const [kind, namespace, third] = labels
    if (kind === undefined) return { records: this.#apex(name, type) }
    if (labels.length === 1 && kind === 'dns-version') {
      const records: DnsRecord[] = [{ name, ttl: timeToLive, type: 'TXT', text: specification }]
      return { records: type === recordType.TXT ? records : [] }
    }
    if (labels.length === 2 && kind === 'dns' && namespace === 'ns') {
      return { records: addressRecords(name, [this.#serverAddress], type) }
    }
    if (kind !== 'svc' && kind !== 'pod') return undefined
    if (namespace === undefined) return { records: [] }
    if (third === undefined) return this.#data.hasNamespace(namespace) ? { records: [] } : undefined
    return kind === 'pod' ? this.#pod(name, labels, type) : this.#service(name, labels, type)
  }

  #apex(name: Name, type: number): DnsRecord[] {
    if (type === recordType.SOA) return [this.startOfAuthority]
    if (type === recordType.NS)
      return [{ name, ttl: timeToLive, type: 'NS', target: ['ns', 'dns', ...this.origin] }]
    return []
  }

  /** `1-2-3-4.namespace.pod`: the address that the name spells, whether a pod has it or not. */
  #pod(name: Name, labels: Name, type: number): Found {
    const [, namespace = '', dashed = ''] = labels
    if (labels.length !== 3 || !this.#data.hasNamespace(namespace)) return undefined
    const address = [dashed.replaceAll('-', '.'), dashed.replaceAll('-', ':')].find((text) => isIP(text) > 0)
    return address === undefined ? undefined : { records: addressRecords(name, [address], type) }
  }

  /** `service`, `endpoint.service` or `_port._protocol.service`, in a namespace. */
  #service(name: Name, labels: Name, type: number): Found {
    const [, namespace = '', serviceName = '', fourth, fifth] = labels
    const service = this.#data.service(namespace, serviceName)
    if (!service || labels.length > 5) return undefined
    const port = fifth === undefined ? undefined : { protocol: bare(fourth ?? ''), name: bare(fifth) }
    const endpoint = fifth === undefined ? fourth : undefined
    if (service.spec?.type === 'ExternalName')
      return fourth === undefined ? this.#alias(name, service, type) : undefined
    if (endpoint !== undefined || isHeadless(service))
      return this.#endpoints(name, service, type, endpoint, port)
    return this.#clusterIP(name, service, type, port)
  }

  #alias(name: Name, { spec }: Service, type: number): Found {
    const target = spec?.externalName ?? ''
    // An address is not a name.
    if (target === '' || isIP(target) > 0) return undefined
    const alias = { name, ttl: timeToLive, type: 'CNAME', target: nameOf(target) } as const
    return type === recordType.CNAME ? { records: [alias] } : { alias }
  }

  #clusterIP(name: Name, service: Service, type: number, port: PortQuestion | undefined): Found {
    const ports = (service.spec?.ports ?? []).filter((offered) => isAsked(offered, port))
    if (ports.length === 0) return undefined
    const addresses = clusterIPsOf(service)
    if (type !== recordType.SRV) return { records: addressRecords(name, addresses, type) }
    const target = this.#nameOfService(service)
    const weight = Math.max(1, Math.trunc(100 / ports.length))
    return {
      records: ports.map((offered) => serviceRecord(name, offered.port, weight, target)),
      additionals: allAddressRecords(target, addresses),
    }
  }

  #endpoints(
    name: Name,
    service: Service,
    type: number,
    hostname: string | undefined,
    port: PortQuestion | undefined,
  ): Found {
    const { namespace = '', name: serviceName = '' } = service.metadata
    const endpoints = this.#data
      .endpoints(namespace, serviceName)
      .filter((endpoint) => hostname === undefined || endpoint.hostname.toLowerCase() === hostname)
      .filter(({ ports }) => port === undefined || ports.some((offered) => isAsked(offered, port)))
    if (endpoints.length === 0) return undefined
    if (type !== recordType.SRV) {
      const addresses = [...new Set(endpoints.map(({ address }) => address))]
      return { records: addressRecords(name, shuffled(addresses), type) }
    }
    return this.#endpointServices(name, service, endpoints, port)
  }

  #endpointServices(
    name: Name,
    service: Service,
    endpoints: EndpointAddress[],
    port: PortQuestion | undefined,
  ): Found {
    const targets = new Map<string, DnsRecord & { type: 'SRV' }>()
    const additionals = new Map<string, DnsRecord>()
    for (const { hostname, ports, address } of endpoints) {
      const target = [hostname, ...this.#nameOfService(service)]
      for (const offered of ports) {
        if (!isAsked(offered, port) || offered.port === undefined) continue
        targets.set(`${hostname}:${offered.port}`, serviceRecord(name, offered.port, 0, target))
      }
      for (const record of allAddressRecords(target, [address]))
        additionals.set(`${hostname}/${address}`, record)
    }
    const weight = Math.max(1, Math.trunc(100 / Math.max(targets.size, 1)))
    const records = [...targets.values()].map((record) => ({ ...record, weight }))
    return { records: shuffled(records), additionals: [...additionals.values()] }
  }

  #nameOfService({ metadata }: Service): Name {
    return [metadata.name ?? '', metadata.namespace ?? '', 'svc', ...this.origin]
  }
}

interface PortQuestion {
  name: string
  protocol: string
}

/** Without a leading underscore. */
function bare(label: string): string {
  return label.startsWith('_') ? label.slice(1) : label
}

/** A nameless port is asked for by protocol alone, or not at all. */
function isAsked(offered: { name?: string; protocol?: string }, asked: PortQuestion | undefined): boolean {
  if (!asked) return true
  return (
    (offered.name ?? '').toLowerCase() === asked.name &&
    (offered.protocol ?? 'TCP').toLowerCase() === asked.protocol
  )
}

function isHeadless({ spec }: Service): boolean {
  return spec?.clusterIP === 'None'
}

function addressRecords(name: Name, addresses: readonly string[], type: number): DnsRecord[] {
  return allAddressRecords(name, addresses).filter((record) => recordType[record.type] === type)
}

export function allAddressRecords(name: Name, addresses: readonly string[]): DnsRecord[] {
  return addresses.flatMap((address): DnsRecord[] => {
    if (isIPv4(address)) return [{ name, ttl: timeToLive, type: 'A', address }]
    return isIPv6(address) ? [{ name, ttl: timeToLive, type: 'AAAA', address }] : []
  })
}

function serviceRecord(name: Name, port: number, weight: number, target: Name) {
  return { name, ttl: timeToLive, type: 'SRV', priority: 0, weight, port, target } as const
}

/** So that clients which take the first address do not all take the same one. */
function shuffled<T>(items: T[]): T[] {
  for (let index = items.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1))
    const [left, right] = [items[index] as T, items[other] as T]
    items[index] = right
    items[other] = left
  }
  return items
}
