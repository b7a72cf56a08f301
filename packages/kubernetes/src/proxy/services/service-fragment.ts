import { markMasquerade, tableChains, tableSets } from '../base-table.ts'
import { type Fragment, FragmentBuilder } from '../nft/fragment.ts'
import { nftName } from '../nft/names.ts'
import { type Choice, isExternal, type ProxyEndpoint } from './endpoints.ts'
import type { ServicePort } from './service-port.ts'

/** One port of a Service with the endpoints that it leads to. */
export interface ServedPort {
  readonly port: ServicePort
  readonly choice: Choice
}

export interface ServiceFragmentOptions {
  podCidr: string
  nodeIP: string
}

const reject = `goto ${tableChains.reject}`

/** What a Service has in the table. */
export function serviceFragment(served: readonly ServedPort[], options: ServiceFragmentOptions): Fragment {
  const fragment = new FragmentBuilder()
  for (const { port, choice } of served) {
    fragment.element(tableSets.clusterIPs, port.clusterIP)
    addPort(fragment, port, choice, options)
  }
  return fragment
}

function addPort(
  fragment: FragmentBuilder,
  port: ServicePort,
  choice: Choice,
  options: ServiceFragmentOptions,
): void {
  const { cluster, local, any } = choice
  const clusterChain = addEndpointChain(fragment, 'svc', port, cluster)
  const localChain = addEndpointChain(fragment, 'local', port, local)
  for (const { ip, port: number, isLocal } of new Set([...cluster, ...local])) {
    if (isLocal) fragment.element(tableSets.hairpins, `${ip} . ${ip} . ${port.protocol} . ${number}`)
  }

  const internal = port.internalLocal ? localChain : clusterChain
  const key = `${port.protocol} . ${port.port}`
  if (internal) fragment.element(tableSets.serviceIPs, `${port.clusterIP} . ${key}`, `goto ${internal}`)
  else fragment.element(tableSets.noEndpointIPs, `${port.clusterIP} . ${key}`, any ? 'drop' : reject)

  if (!isExternal(port)) return
  const external = addExternalChain(fragment, port, choice, {
    clusterChain,
    localChain,
    podCidr: options.podCidr,
  })
  const served = port.externalLocal ? local.length > 0 : any
  const refusal = any ? 'drop' : reject
  for (const address of [...port.externalIPs, ...port.loadBalancerIPs]) {
    if (external) fragment.element(tableSets.serviceIPs, `${address} . ${key}`, `goto ${external}`)
    if (!served) fragment.element(tableSets.noEndpointIPs, `${address} . ${key}`, refusal)
  }
  if (port.nodePort !== 0) {
    const nodeKey = `${port.protocol} . ${port.nodePort}`
    if (external) fragment.element(tableSets.nodePorts, nodeKey, `goto ${external}`)
    if (!served) fragment.element(tableSets.noEndpointNodePorts, nodeKey, refusal)
  }
  addFirewall(fragment, port, options.nodeIP)
}

function chainName(
  kind: string,
  { namespace, service, protocol, name }: ServicePort,
  ...more: string[]
): string {
  return nftName(kind, namespace, service, protocol, name, ...more)
}

/** A chain that picks one of the endpoints; `undefined` when there are none. */
function addEndpointChain(
  fragment: FragmentBuilder,
  kind: string,
  port: ServicePort,
  endpoints: readonly ProxyEndpoint[],
): string | undefined {
  if (endpoints.length === 0) return undefined
  const chain = chainName(kind, port)
  if (port.affinitySeconds > 0) {
    addAffineEndpoints(fragment, chain, port, endpoints)
    return chain
  }
  const targets = endpoints.map(({ ip, port: number }, index) => `${index} : ${ip} . ${number}`)
  const pick = `numgen random mod ${endpoints.length} map { ${targets.join(', ')} }`
  return fragment.chain(chain, [`meta l4proto ${port.protocol} dnat ip addr . port to ${pick}`]) && chain
}

/** Each endpoint remembers its clients for a while. */
function addAffineEndpoints(
  fragment: FragmentBuilder,
  chain: string,
  port: ServicePort,
  endpoints: readonly ProxyEndpoint[],
): void {
  const seconds = port.affinitySeconds
  const parts = endpoints.map((endpoint) => {
    const target = `${endpoint.ip}:${endpoint.port}`
    const name = chainName('ep', port, endpoint.ip, `${endpoint.port}`)
    // The definition of a set cannot be changed: another time, another set.
    const clients = chainName('affinity', port, endpoint.ip, `${endpoint.port}`, `${seconds}`)
    fragment.set(clients, `type ipv4_addr; flags dynamic,timeout; timeout ${seconds}s;`)
    fragment.chain(name, [
      `update @${clients} { ip saddr }`,
      `meta l4proto ${port.protocol} dnat to ${target}`,
    ])
    return { name, clients }
  })
  fragment.chain(chain, [
    ...parts.map(({ name, clients }) => `ip saddr @${clients} goto ${name}`),
    `numgen random mod ${parts.length} vmap { ${parts.map(({ name }, index) => `${index} : goto ${name}`).join(', ')} }`,
  ])
}

/**
 * What comes from outside: with policy Cluster it gets this node's address, as the answer has to come back through here;
 * with policy Local it keeps its own, but for what does not come from outside really.
 */
function addExternalChain(
  fragment: FragmentBuilder,
  port: ServicePort,
  { any }: Choice,
  chains: { clusterChain: string | undefined; localChain: string | undefined; podCidr: string },
): string | undefined {
  if (!any) return undefined
  const chain = chainName('external', port)
  const { clusterChain, localChain, podCidr } = chains
  if (!port.externalLocal) {
    return fragment.chain(chain, [markMasquerade, ...(clusterChain ? [`goto ${clusterChain}`] : [])]) && chain
  }
  const fromHere = clusterChain
    ? [
        `ip saddr ${podCidr} goto ${clusterChain}`,
        `fib saddr type local ${markMasquerade}`,
        `fib saddr type local goto ${clusterChain}`,
      ]
    : []
  return fragment.chain(chain, [...fromHere, ...(localChain ? [`goto ${localChain}`] : [])]) && chain
}

function addFirewall(fragment: FragmentBuilder, port: ServicePort, nodeIP: string): void {
  const { loadBalancerIPs, sourceRanges } = port
  if (loadBalancerIPs.length === 0 || sourceRanges.length === 0) return
  const chain = chainName('firewall', port)
  // From the node itself, a packet to an address that is the node's own comes from that very address.
  const fromNode = sourceRanges.some((range) => contains(range, nodeIP)) ? loadBalancerIPs : []
  const allowed = [...sourceRanges, ...fromNode.map((address) => `${address}/32`)]
  fragment.chain(chain, [...allowed.map((range) => `ip saddr ${range} return`), 'drop'])
  for (const address of loadBalancerIPs) {
    fragment.element(tableSets.firewallIPs, `${address} . ${port.protocol} . ${port.port}`, `goto ${chain}`)
  }
}

export function contains(cidr: string, address: string): boolean {
  const [network = '', prefix = '0'] = cidr.split('/')
  const shift = 32 - Number(prefix)
  const top = (text: string) => Math.floor(toNumber(text) / 2 ** shift)
  return top(network) === top(address)
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}
