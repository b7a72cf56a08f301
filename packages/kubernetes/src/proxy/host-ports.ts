import { isIPv4 } from 'node:net'
import { isSidecar } from '../api/scheduling/pod-resources.ts'
import type { ContainerPort, Pod } from '../api/types/core-v1.ts'
import { markMasquerade, tableSets } from './base-table.ts'
import type { UdpFrontend } from './conntrack.ts'
import { type Fragment, FragmentBuilder } from './nft/fragment.ts'
import { nftName } from './nft/names.ts'

/** Ports of the node that lead to a pod, when it has an address of its own and its containers ask for them. */
export function hostPortFragment(pod: Pod, podIP: string): Fragment | undefined {
  const wanted = hostPortsOf(pod)
  if (wanted.length === 0) return undefined
  const { namespace = '', name = '' } = pod.metadata
  const fragment = new FragmentBuilder()
  for (const { hostPort, hostIP, containerPort, protocol = 'TCP' } of wanted) {
    const l4 = protocol.toLowerCase()
    const chain = nftName('hostport', namespace, name, l4, `${hostPort}`)
    fragment.chain(chain, [
      // The pod could not answer to the loopback address.
      `ip saddr 127.0.0.0/8 ${markMasquerade}`,
      `meta l4proto ${l4} dnat to ${podIP}:${containerPort}`,
    ])
    fragment.element(tableSets.hairpins, `${podIP} . ${podIP} . ${l4} . ${containerPort}`)
    if (!hostIP || hostIP === '0.0.0.0')
      fragment.element(tableSets.hostPorts, `${l4} . ${hostPort}`, `goto ${chain}`)
    else fragment.element(tableSets.hostPortIPs, `${hostIP} . ${l4} . ${hostPort}`, `goto ${chain}`)
  }
  return fragment
}

/** Those of UDP, whose clients have to be led away from the port's last pod. */
export function hostPortFrontends(pod: Pod, podIP: string): UdpFrontend[] {
  return hostPortsOf(pod)
    .filter(({ protocol }) => protocol === 'UDP')
    .map(({ hostIP, hostPort = 0, containerPort }) => ({
      ip: hostIP && hostIP !== '0.0.0.0' ? hostIP : undefined,
      port: hostPort,
      endpoints: new Set([`${podIP}:${containerPort}`]),
    }))
}

function hostPortsOf({ spec }: Pod): ContainerPort[] {
  if (spec?.hostNetwork) return []
  const sidecars = (spec?.initContainers ?? []).filter(isSidecar)
  const ports = [...(spec?.containers ?? []), ...sidecars].flatMap(({ ports }) => ports ?? [])
  return ports.filter(({ hostPort, hostIP }) => hostPort && isIPv4(hostIP || '0.0.0.0'))
}
