/** What the base of the table depends on. */
export interface BaseTableOptions {
  bridge: string
  podCidr: string
  /** Networks whose addresses lead nowhere but to Services. */
  serviceCidrs: readonly string[]
  /** Pods see each other's traffic rewritten only when bridged frames pass through here. */
  seesBridgedTraffic: boolean
}

/** Bit of the packet mark that says: give it this node's address on its way out. The same that kube-proxy uses. */
const masqueradeBit = '0x4000'
export const markMasquerade = `meta mark set meta mark or ${masqueradeBit}`

/** Names of the sets and maps that fragments put elements into. */
export const tableSets = {
  /** Addresses of Services. */
  clusterIPs: 'cluster-ips',
  /** Address, protocol and port of a Service → where to go on. */
  serviceIPs: 'service-ips',
  nodePorts: 'service-nodeports',
  /** The same for Services that nobody serves (here): reject or drop. */
  noEndpointIPs: 'no-endpoint-ips',
  noEndpointNodePorts: 'no-endpoint-nodeports',
  /** Load balancer addresses that only some sources may use. */
  firewallIPs: 'firewall-ips',
  /** Endpoint, endpoint, protocol, port: those that may come to themselves through a Service. */
  hairpins: 'hairpins',
  /** Ports of pods on the node: on any of its addresses, or on a certain one. */
  hostPorts: 'host-ports',
  hostPortIPs: 'host-port-ips',
  /** Pods of this node that policies apply to → the chain that decides. */
  policyEgress: 'policy-egress',
  policyIngress: 'policy-ingress',
  /** Pairs of the same address: a pod may always talk to itself. */
  policySelf: 'policy-self',
} as const

/** Chains that fragments refer to. */
export const tableChains = {
  reject: 'reject-chain',
  /** A pod's policies let it go out: what remains is whether it may come in where it goes. */
  policyIngressCheck: 'policy-ingress-check',
} as const

/**
 * The part of the table that is always there: hooks, the sets that dispatch, and the rules between them. After upstream's
 * pkg/proxy/nftables, with host ports, masquerading and network policies in the same place.
 */
export function baseTable({ bridge, podCidr, serviceCidrs, seesBridgedTraffic }: BaseTableOptions): string {
  const sets = tableSets
  const destination = 'ip daddr . meta l4proto . th dport'
  const port = 'meta l4proto . th dport'
  return `
comment "Services, host ports and network policies of a cluster"

set ${sets.clusterIPs} { type ipv4_addr; }
set ${sets.hairpins} { type ipv4_addr . ipv4_addr . inet_proto . inet_service; }
set ${sets.policySelf} { type ipv4_addr . ipv4_addr; }
map ${sets.serviceIPs} { type ipv4_addr . inet_proto . inet_service : verdict; }
map ${sets.nodePorts} { type inet_proto . inet_service : verdict; }
map ${sets.noEndpointIPs} { type ipv4_addr . inet_proto . inet_service : verdict; }
map ${sets.noEndpointNodePorts} { type inet_proto . inet_service : verdict; }
map ${sets.firewallIPs} { type ipv4_addr . inet_proto . inet_service : verdict; }
map ${sets.hostPorts} { type inet_proto . inet_service : verdict; }
map ${sets.hostPortIPs} { type ipv4_addr . inet_proto . inet_service : verdict; }
map ${sets.policyEgress} { type ipv4_addr : verdict; }
map ${sets.policyIngress} { type ipv4_addr : verdict; }

chain ${tableChains.reject} {
  meta l4proto tcp reject with tcp reset
  reject
}

chain services {
  ip daddr @${sets.clusterIPs} ip saddr != ${podCidr} ${markMasquerade}
  ${seesBridgedTraffic ? '' : `ip daddr @${sets.clusterIPs} ip saddr ${podCidr} ${markMasquerade}`}
  ${destination} vmap @${sets.serviceIPs}
  fib daddr type local ${port} vmap @${sets.nodePorts}
  ${destination} vmap @${sets.hostPortIPs}
  fib daddr type local ${port} vmap @${sets.hostPorts}
}
chain service-checks {
  ${destination} vmap @${sets.noEndpointIPs}
}
chain cluster-ip-checks {
  ip daddr @${sets.clusterIPs} goto ${tableChains.reject}
  ${serviceCidrs.map((cidr) => `ip daddr ${cidr} drop`).join('\n  ')}
}
chain ${tableChains.policyIngressCheck} {
  ip daddr vmap @${sets.policyIngress}
  accept
}
chain policies {
  ct state established,related accept
  ip saddr . ip daddr @${sets.policySelf} accept
  ip saddr vmap @${sets.policyEgress}
  ip daddr vmap @${sets.policyIngress}
}

chain raw-prerouting {
  type filter hook prerouting priority raw; policy accept;
  iifname "${bridge}" ip daddr 127.0.0.0/8 drop
  iifname "${bridge}" ip saddr 127.0.0.0/8 drop
}
chain firewall-prerouting {
  type filter hook prerouting priority dstnat - 10; policy accept;
  ct state new ${destination} vmap @${sets.firewallIPs}
}
chain firewall-output {
  type filter hook output priority -110; policy accept;
  ct state new ${destination} vmap @${sets.firewallIPs}
}
chain nat-prerouting {
  type nat hook prerouting priority dstnat; policy accept;
  jump services
}
chain nat-output {
  type nat hook output priority -100; policy accept;
  jump services
}
chain nat-postrouting {
  type nat hook postrouting priority srcnat; policy accept;
  meta mark and ${masqueradeBit} != 0 meta mark set meta mark xor ${masqueradeBit} masquerade fully-random
  ct status dnat ip saddr . ip daddr . meta l4proto . th dport @${sets.hairpins} masquerade fully-random
  ip saddr 127.0.0.0/8 oifname "${bridge}" masquerade
  ip saddr ${podCidr} ip daddr != ${podCidr} ip daddr != 224.0.0.0/4 oifname != "${bridge}" masquerade
}
chain filter-input {
  type filter hook input priority filter; policy accept;
  ct state new ${port} vmap @${sets.noEndpointNodePorts}
  ct state new jump service-checks
}
chain filter-forward {
  type filter hook forward priority filter; policy accept;
  ct state new jump service-checks
  ct state new jump cluster-ip-checks
  jump policies
}
chain filter-output {
  type filter hook output priority filter; policy accept;
  ct state new jump service-checks
  ct state new jump cluster-ip-checks
}
`
}
