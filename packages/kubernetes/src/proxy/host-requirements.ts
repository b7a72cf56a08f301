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
