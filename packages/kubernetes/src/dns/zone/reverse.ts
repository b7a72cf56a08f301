import { BlockList, isIP, SocketAddress } from 'node:net'
import type { DnsConfig } from '../dns-config.ts'
import {
  type Answer,
  type DnsRecord,
  lowerCase,
  type Name,
  nameOf,
  recordType,
  responseCode,
} from '../wire/record.ts'
import type { ClusterData } from './cluster-data.ts'
import { type ClusterZone, timeToLive } from './cluster-zone.ts'

export interface ReverseOptions {
  config: DnsConfig
  data: ClusterData
  zone: ClusterZone
  /** Further names by address, in lower case. */
  hosts: ReadonlyMap<string, Name>
}

/** Answers which name an address has, or nothing when somebody else may know. */
export type Reverse = (name: Name, type: number) => Answer | undefined

export function createReverse({ config, data, zone, hosts }: ReverseOptions): Reverse {
  const ours = new BlockList()
  for (const cidr of [config.serviceCidr, config.podCidr]) {
    const [network, prefix] = (cidr ?? '').split('/')
    if (network && prefix && isIP(network) === 4) ours.addSubnet(network, Number(prefix), 'ipv4')
  }

  function namesOf(address: string): Name[] {
    const services = data
      .servicesAt(address)
      .map(({ metadata }) => [metadata.name ?? '', metadata.namespace ?? ''])
    const names =
      services.length > 0
        ? services
        : data.endpointsAt(address).map(({ hostname, service, namespace }) => [hostname, service, namespace])
    const host = hosts.get(address)
    return [...names.map((labels) => [...labels, 'svc', ...zone.origin]), ...(host ? [host] : [])]
  }

  return (name, type) => {
    const address = addressOf(lowerCase(name))
    if (address === undefined) return undefined
    const targets = namesOf(address)
    if (targets.length > 0) {
      const records = targets.map((target): DnsRecord => ({ name, ttl: timeToLive, type: 'PTR', target }))
      const answers = type === recordType.PTR ? records : []
      return { code: responseCode.success, authoritative: true, answers }
    }
    if (isIP(address) !== 4 || !ours.check(address, 'ipv4')) return undefined
    return {
      code: responseCode.noSuchName,
      authoritative: true,
      answers: [],
      authorities: [zone.startOfAuthority],
    }
  }
}

const suffix4 = nameOf('in-addr.arpa')
const suffix6 = nameOf('ip6.arpa')

/** The address that a name below in-addr.arpa or ip6.arpa spells. */
function addressOf(name: Name): string | undefined {
  const ends = (suffix: Name) =>
    suffix.every((label, index) => name[name.length - suffix.length + index] === label)
  if (name.length === 6 && ends(suffix4)) {
    const address = name.slice(0, 4).reverse().join('.')
    return isIP(address) === 4 ? address : undefined
  }
  if (name.length === 34 && ends(suffix6)) {
    const digits = name.slice(0, 32).reverse().join('')
    const groups = digits.match(/.{4}/g) ?? []
    const address = groups.join(':')
    // In the short form that addresses have elsewhere.
    return isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : undefined
  }
  return undefined
}
