/**
 * One cluster as it was asked for: `profiles/<name>/config.json`, in the shape of minikube's own. Fields of minikube that
 * mean nothing here are kept as they are when the file is rewritten. Durations are nanoseconds there, as in Go.
 */
export interface Profile {
  Name: string
  Driver: string
  /** MiB and number; 0 is no limit. */
  Memory: number
  CPUs: number
  /** MiB. */
  DiskSize: number
  KeepContext: boolean
  EmbedCerts: boolean
  APIServerPort: number
  KubernetesConfig: KubernetesConfig
  Nodes: ProfileNode[]
  Addons: Record<string, boolean>
  VerifyComponents: Record<string, boolean>
  StartHostTimeout: number
  CertExpiration: number
  /** Further address to listen on, as asked for. */
  ListenAddress: string
  InsecureRegistry: string[]
  RegistryMirror: string[]
  /** Who is Kubernetes: `embedded`. */
  Bootstrapper: string
  /** Which of the machine's address ranges this cluster has, see network.ts. */
  Slot: number
  PodCIDR: string
  /** What the user added to the nodes' hosts files. */
  Hosts: { Name: string; Address: string }[]
}

export interface KubernetesConfig {
  KubernetesVersion: string
  ClusterName: string
  Namespace: string
  APIServerName: string
  APIServerNames: string[]
  APIServerIPs: string[]
  DNSDomain: string
  ContainerRuntime: string
  CRISocket: string
  NetworkPlugin: string
  FeatureGates: string
  ServiceCIDR: string
  ImageRepository: string
  LoadBalancerStartIP: string
  LoadBalancerEndIP: string
  ExtraOptions: { Component: string; Key: string; Value: string }[]
  CNI: string
}

export interface ProfileNode {
  /** Empty for the first node: its machine is called like the profile. */
  Name: string
  IP: string
  Port: number
  KubernetesVersion: string
  ContainerRuntime: string
  ControlPlane: boolean
  Worker: boolean
}

/** The machine that a node is. */
export function machineName(profile: Profile, node: ProfileNode): string {
  return node.Name === '' ? profile.Name : `${profile.Name}-${node.Name}`
}

export function primaryNode(profile: Profile): ProfileNode {
  return profile.Nodes.find((node) => node.ControlPlane) ?? profile.Nodes[0]!
}

const reserved = new Set([
  'start',
  'stop',
  'status',
  'delete',
  'config',
  'open',
  'profile',
  'addons',
  'cache',
  'logs',
])

/** Why a name cannot be that of a profile; undefined when it can. */
export function badProfileName(name: string): string | undefined {
  if (reserved.has(name)) return `"${name}" is the name of a command`
  if (name.length < 2) return 'a profile name has at least two characters'
  if (name.length > 63) return 'a profile name has at most 63 characters'
  if (!/^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/.test(name)) {
    return `"${name}" is not a profile name: letters, digits and - between them`
  }
  return undefined
}
