import { createHash } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import type { ClusterNetwork } from '../engines/engine.ts'
import { MinikubeError } from '../error.ts'
import { cidrsOverlap, hostAddress, subnet } from './cidr.ts'
import { readClaims } from './claim.ts'
import type { Profile } from './profile.ts'

/** How many clusters fit on one machine with addresses and ports of their own. */
const slots = 11
const longestInterfaceName = 15

export interface SlotDefaults {
  apiServerPort: number
  kubeletPort: number
  serviceCidr: string
  podCidr: string
}

/** The first cluster has minikube's own numbers; each further one has the next. */
export function slotDefaults(slot: number): SlotDefaults {
  return {
    apiServerPort: 8443 + slot,
    kubeletPort: 10250 + slot * 10,
    serviceCidr: slot === 0 ? '10.96.0.0/12' : `10.${111 + slot}.0.0/16`,
    podCidr: `10.${244 + slot}.0.0/16`,
  }
}

/** The first slot that no other profile on this machine has and whose addresses this machine does not use itself. */
export async function chooseSlot(profile: string): Promise<number> {
  const taken = new Set(
    (await readClaims()).filter((claim) => claim.profile !== profile).map(({ slot }) => slot),
  )
  const hostNetworks = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    name === bridgeName(profile)
      ? []
      : (addresses ?? []).flatMap(({ cidr, family }) => (cidr && family === 'IPv4' ? [cidr] : [])),
  )
  for (let slot = 0; slot < slots; slot++) {
    const { serviceCidr, podCidr } = slotDefaults(slot)
    const clashes = hostNetworks.some(
      (network) => cidrsOverlap(network, serviceCidr) || cidrsOverlap(network, podCidr),
    )
    if (!taken.has(slot) && !clashes) return slot
  }
  throw new MinikubeError('IF_NETWORK_TAKEN', 'there is no room for another cluster on this machine', {
    advice: "Delete one with 'minikube delete -p NAME'; 'minikube profile list' shows them.",
  })
}

/** A cluster's network; everything follows from the profile. */
export function clusterNetwork(profile: Profile): ClusterNetwork {
  const { ServiceCIDR, DNSDomain, LoadBalancerStartIP } = profile.KubernetesConfig
  const nodeCidr = subnet(profile.PodCIDR, 24, 0)
  return {
    apiServerPort: profile.APIServerPort,
    kubeletPort: slotDefaults(profile.Slot).kubeletPort,
    serviceCidr: ServiceCIDR,
    podCidr: profile.PodCIDR,
    nodePodCidr: nodeCidr,
    clusterDomain: DNSDomain,
    dnsClusterIP: hostAddress(ServiceCIDR, 10),
    bridgeName: bridgeName(profile.Name),
    bridgeAddress: `${hostAddress(nodeCidr, 1)}/24`,
    nftTable: `minikube-${profile.Name}`,
    listenAddresses: [...new Set([profile.ListenAddress, ...profile.KubernetesConfig.APIServerIPs])].filter(
      (each) => each !== '',
    ),
    loadBalancerCidr: LoadBalancerStartIP || subnet(profile.PodCIDR, 24, 255),
  }
}

/** Kernel names of interfaces are short: a long profile name is cut and told apart by a digest. */
function bridgeName(profile: string): string {
  const whole = `mk-${profile.toLowerCase()}`
  if (whole.length <= longestInterfaceName) return whole
  const digest = createHash('sha256').update(profile).digest('hex').slice(0, 4)
  return `${whole.slice(0, longestInterfaceName - digest.length)}${digest}`
}
