import type { PodDNSConfig } from '../../api/types/core-v1.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { type ResolverSettings, readResolvConf } from './resolv-conf.ts'

export interface DnsSettings {
  clusterDns: string[]
  clusterDomain: string
  /** The node's, for pods that resolve as their node does. */
  resolvConf: string
}

const maxServers = 3
const maxSearches = 32
const maxSearchCharacters = 2048
const maxNameLength = 253

/**
 * What goes into a pod's resolv.conf by its dnsPolicy and dnsConfig. What does not fit glibc's limits is left out and
 * told to `warn` (reason DNSConfigForming).
 */
export async function podDns(
  pod: NodePod,
  settings: DnsSettings,
  warn: (message: string) => void,
): Promise<ResolverSettings> {
  const { dnsPolicy, dnsConfig, hostNetwork } = pod.spec
  const cluster =
    dnsPolicy === 'ClusterFirstWithHostNet' ||
    (dnsPolicy !== 'Default' && dnsPolicy !== 'None' && !hostNetwork)
  let resolver: ResolverSettings
  if (dnsPolicy === 'None') {
    resolver = { servers: [], searches: [], options: [] }
  } else {
    resolver = await readResolvConf(settings.resolvConf)
    if (cluster && settings.clusterDns.length > 0) {
      const { clusterDomain: domain } = settings
      const searches = [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain]
      resolver = {
        servers: [...settings.clusterDns],
        searches: [...new Set([...searches, ...resolver.searches])],
        options: ['ndots:5'],
      }
    }
  }
  return fit(dnsConfig ? extend(resolver, dnsConfig) : resolver, warn)
}

function extend(resolver: ResolverSettings, config: PodDNSConfig): ResolverSettings {
  const options = new Map<string, string>()
  for (const option of resolver.options) {
    const colon = option.indexOf(':')
    options.set(colon < 0 ? option : option.slice(0, colon), colon < 0 ? '' : option.slice(colon + 1))
  }
  for (const { name, value } of config.options ?? []) options.set(name ?? '', value ?? '')
  return {
    servers: [...new Set([...resolver.servers, ...(config.nameservers ?? [])])],
    searches: [...new Set([...resolver.searches, ...(config.searches ?? [])])],
    options: [...options].map(([name, value]) => (value ? `${name}:${value}` : name)),
  }
}

function fit(resolver: ResolverSettings, warn: (message: string) => void): ResolverSettings {
  const servers = resolver.servers.slice(0, maxServers)
  if (servers.length < resolver.servers.length) {
    warn(
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${servers.join(' ')}`,
    )
  }
  const searches = resolver.searches.slice(0, maxSearches).filter((name) => name.length <= maxNameLength)
  while (searches.join(' ').length > maxSearchCharacters) searches.pop()
  if (searches.length < resolver.searches.length) {
    warn(
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.join(' ')}`,
    )
  }
  return { servers, searches, options: resolver.options }
}
