import type { Node } from '../node/node.ts'
import type { Work } from '../progress.ts'
import type { ServiceSpec } from '../runtimes/runtime.ts'
import type { Credentials } from './credentials.ts'

/** What an engine is told of the cluster; derived from the profile once, in cluster/. */
export interface EngineContext {
  profile: string
  nodeName: string
  nodeIP: string
  node: Node
  criSocket: string
  cni: { binDir: string; confDir: string }
  cgroupDriver: 'cgroupfs' | 'systemd'
  /** Parent of all pods' cgroups. */
  cgroupRoot: string
  /** Base directories on the node. */
  dataDir: string
  runDir: string
  logDir: string
  network: ClusterNetwork
  credentials: Credentials
  /** Names and addresses that the API server's certificate holds besides those that every cluster's does. */
  apiServerNames: string[]
  /** What the node's names server answers besides the cluster's own names. */
  hosts: Record<string, string>
  /** The node's list of name servers. */
  resolvConf: string
  /** Largest packet that leaves the node, for the pods' interfaces; undefined: the kernel's default. */
  mtu: number | undefined
  /** Programs of ours as they lie on the node. */
  programs: { argv(program: 'control-plane' | 'node'): string[]; env: Record<string, string> }
  featureGates: Record<string, boolean>
  /** Node labels. */
  labels: Record<string, string>
  /** Capacity to announce instead of the machine's. */
  capacity: Record<string, string>
  kubernetesVersion: string
}

export interface ClusterNetwork {
  apiServerPort: number
  kubeletPort: number
  serviceCidr: string
  podCidr: string
  /** The first node's part of it. */
  nodePodCidr: string
  clusterDomain: string
  dnsClusterIP: string
  /** The bridge that pods hang on; its address, in CIDR notation, is the API's address for pods. */
  bridgeName: string
  bridgeAddress: string
  nftTable: string
  /** Extra addresses to listen on besides loopback and the bridge. */
  listenAddresses: string[]
  loadBalancerCidr?: string
}

export interface EngineHealth {
  apiserver: 'Running' | 'Stopped' | 'Paused' | 'Error'
  kubelet: 'Running' | 'Stopped' | 'Error'
}

/** What an engine changes on a node beyond its own directories; goes into the ledger before it happens. */
export interface EngineNeeds {
  /** Kernel settings, as below /proc/sys. */
  sysctls: Record<string, string>
  /** Kernel modules, where they are not built in. */
  modules: readonly string[]
  packages: string[]
  programs: string[]
}

/** Who is Kubernetes. Every engine passes engines/engine.contract.test.ts. */
export interface Engine {
  readonly name: string
  /** Newest Kubernetes version it serves, `v1.36.0`. */
  readonly version: string
  needs(): EngineNeeds
  /** Makes keys, certificates and configuration on the node; idempotent, renews what is about to expire. */
  prepare(context: EngineContext): Promise<ServiceSpec[]>
  /** Resolves when the API answers, the node is Ready and the default service account is there. Event-driven. */
  ready(context: EngineContext, work: Work): Promise<void>
  /** The administrator's certificate. */
  admin(context: EngineContext): Promise<{ ca: string; cert: string; key: string }>
  health(context: EngineContext): Promise<EngineHealth>
}
