/**
 * What a control plane needs to know; written as JSON by the embedded engine (or built by a library user).
 * Paths are absolute; files named here exist before the control plane starts. Extended by optional fields only.
 */
export interface ControlPlaneConfig {
  clusterName: string
  /** SQLite files live here; made if missing. */
  dataDir: string
  /** Addresses to listen on, each with the same port. Never a public address unless the user asked for it. */
  listenAddresses: string[]
  /** 0 picks a free port (library use). */
  port: number
  /** Address that pods and nodes reach the API server under: endpoint of the `kubernetes` Service. */
  advertiseAddress: string
  tls: { certFile: string; keyFile: string }
  /** CA of client certificates. */
  clientCaFile: string
  clientCaKeyFile: string
  /** CA and client certificate for API server → kubelet (CN kube-apiserver-kubelet-client, O system:masters). */
  kubeletClient: { caFile: string; certFile: string; keyFile: string }
  /** Front-proxy CA and client certificate for aggregated API servers. */
  frontProxy?: { caFile: string; certFile: string; keyFile: string }
  serviceAccount: { keyFile: string /** Public or private PEM. */; issuer: string }
  serviceCidr: string
  podCidr: string
  nodePortRange: [number, number]
  /** Pool for Services of type LoadBalancer; the node's own address when absent. */
  loadBalancerCidr?: string
  clusterDomain: string
  dns: {
    /** Cluster IP of the `kube-dns` Service, within serviceCidr. */
    clusterIP: string
    /** Address that the DNS server of ours binds on the node's bridge, port 53. */
    listenAddress: string
    /** Upstream name servers; read from this resolv.conf when absent. */
    upstreams?: string[]
    resolvConf?: string
    /** Extra answers, `host.minikube.internal` among them: name → address. */
    hosts: Record<string, string>
  }
  /** Where the default provisioner makes volumes on a node. */
  hostPathProvisionerDir: string
  featureGates?: Record<string, boolean>
}
