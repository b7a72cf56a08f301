import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import type { Logger } from '../log.ts'
import { run } from './nft/run.ts'

export interface BridgeConfig {
  name: string
  /** In CIDR notation. */
  address: string
  /** Networks that the node itself reaches from its address: those of Services. */
  routes: readonly string[]
}

/** What pods have on their side, too. */
const mtu = 1500

/**
 * The commands, for `ip -batch`, that make the bridge and its routes, whatever of them is there already. The routes only
 * let the node's own packets begin their way, with the bridge's address, until the table leads them elsewhere. They do not
 * go through the bridge: a router that sends a pod's packet back where it came from tells the pod so (an ICMP redirect),
 * and then may not tell it for a second that nobody serves. They go away with the bridge's address.
 */
export function bridgeCommands({ name, address, routes }: BridgeConfig, exists: boolean): string[] {
  return [
    ...(exists ? [] : [`link add name ${name} type bridge`]),
    // A bridge takes the address of one of its ports otherwise, and changes it as pods come and go.
    `link set dev ${name} address ${hardwareAddress(address)}`,
    `address replace ${address} dev ${name}`,
    `link set dev ${name} up`,
    ...routes.map(
      (route) => `route replace ${route} dev lo src ${address.split('/')[0]} mtu ${mtu} advmss ${mtu - 40}`,
    ),
  ]
}

/**
 * Makes the bridge that pods hang on. Besides, where the kernel can: frames between pods pass the firewall like everything
 * else (needed for Services between pods of one node, and for policies), and 127.0.0.1 of the node reaches node ports.
 * These are settings of the bridge alone, and go with it.
 */
export async function ensureBridge(
  config: BridgeConfig,
  log: Logger,
): Promise<{ seesBridgedTraffic: boolean }> {
  const { name } = config
  const commands = bridgeCommands(config, await exists(name))
  await run('ip', ['-batch', '-'], `${commands.join('\n')}\n`)
  const seesBridgedTraffic = existsSync('/proc/sys/net/bridge/bridge-nf-call-iptables')
  if (seesBridgedTraffic)
    await run('ip', ['link', 'set', 'dev', name, 'type', 'bridge', 'nf_call_iptables', '1'])
  else {
    log.warn(
      'br_netfilter is missing: pods see Services under the bridge’s address, and policies do not hold between pods',
      {
        bridge: name,
      },
    )
  }
  if (!(await write(`/proc/sys/net/ipv4/conf/${name}/route_localnet`, '1'))) {
    log.warn('node ports do not answer on 127.0.0.1', { bridge: name })
  }
  return { seesBridgedTraffic }
}

export async function removeBridge(name: string): Promise<void> {
  if (await exists(name)) await run('ip', ['link', 'delete', name])
}

/** Not looked up in /sys, which may show another network namespace. */
function exists(name: string): Promise<boolean> {
  return run('ip', ['link', 'show', 'dev', name, 'type', 'bridge']).then(
    (found) => found !== '',
    () => false,
  )
}

async function write(path: string, value: string): Promise<boolean> {
  try {
    await writeFile(path, value)
    return true
  } catch {
    return false
  }
}

/** Made of the IP address, as CNI's bridge plugin used to. */
function hardwareAddress(address: string): string {
  const parts = (address.split('/')[0] ?? '').split('.')
  return ['0a', '58', ...parts.map((part) => Number(part).toString(16).padStart(2, '0'))].join(':')
}
