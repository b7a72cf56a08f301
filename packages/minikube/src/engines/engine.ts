import type { Node } from '../node/node.ts'
import type { Work } from '../progress.ts'
import type { ServiceSpec } from '../runtimes/runtime.ts'

/** What an engine is told of the cluster; derived from the profile once, in cluster/. */
export interface EngineContext {
  profile: string
  nodeName: string
  nodeIP: string
  node: Node
  criSocket: string
  /** Base directories on the node. */
  dataDir: string
  runDir: string
  logDir: string
  network: ClusterNetwork
  kubernetesVersion: string
}

export interface ClusterNetwork {
  apiServerPort: number
  kubeletPort: number
  serviceCidr: string
  podCidr: string
  clusterDomain: string
  dnsClusterIP: string
  /** First address of the pod network; the bridge's, and the API's address for pods. */
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

/** Who is Kubernetes. Every engine passes engines/engine.contract.test.ts. */
export interface Engine {
  readonly name: string
  /** Newest Kubernetes version it serves, `v1.36.0`. */
  readonly version: string
  /** Makes keys, certificates and configuration on the node; idempotent, renews what is about to expire. */
  prepare(context: EngineContext): Promise<ServiceSpec[]>
  /** Resolves when the API answers, the node is Ready and the default service account is there. Event-driven. */
  ready(context: EngineContext, work: Work): Promise<void>
  /** kubeconfig (YAML) of the administrator, credentials embedded. */
  adminKubeconfig(context: EngineContext): Promise<string>
  health(context: EngineContext): Promise<EngineHealth>
}
