import type { ServiceAccount } from '../api/types/core-v1.ts'
import type { ResourceSource } from './resource-source.ts'

/** What controllers need to know of the cluster. */
export interface ControllersConfig {
  resources: ResourceSource
  /** PEM of the CA that the API server's certificate is from; goes into every namespace. */
  rootCa: string
  /** PEMs of the CA that signs client and serving certificates of kubelets. No signing without it. */
  clusterSigner?: { certificate: string; key: string }
  /** Token for a secret of type `kubernetes.io/service-account-token`. Such secrets stay empty without it. */
  signLegacyToken?: (account: ServiceAccount, secretName: string) => string
  /** Where the default class makes its volumes on a node. No provisioner without it. */
  hostPathProvisionerDir?: string
  /** Pool of addresses for Services of type LoadBalancer; nodes' own addresses when absent. */
  loadBalancerCidr?: string
}
