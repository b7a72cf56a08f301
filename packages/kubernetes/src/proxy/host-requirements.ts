/**
 * What the machine must offer before the proxy starts. The proxy itself changes nothing of the machine but its own table,
 * bridge and routes: whoever prepares the node sets these and remembers how to undo it.
 */
export const requiredSysctls: Readonly<Record<string, string>> = { 'net.ipv4.ip_forward': '1' }

/** Kernel modules, where they are not built in. */
export const requiredModules: readonly string[] = ['nf_tables', 'br_netfilter', 'nf_conntrack']

/**
 * Programs that are called, and the Debian packages that bring them. Without `conntrack` everything works but this: UDP
 * clients that keep their port stay with an endpoint that is gone until the kernel forgets the flow.
 */
export const requiredPrograms: readonly { program: string; package: string; optional?: boolean }[] = [
  { program: 'nft', package: 'nftables' },
  { program: 'ip', package: 'iproute2' },
  { program: 'conntrack', package: 'conntrack', optional: true },
]

/** The network configuration that the container runtime is given must say this of its `bridge` plugin. */
export const requiredBridgePluginOptions = {
  /** So that a pod comes to itself through a Service: frames go back where they came from. */
  hairpinMode: true,
  /** The proxy does these: traffic leaves pods' network under the node's address, host ports lead to pods. */
  ipMasq: false,
  isGateway: true,
} as const
