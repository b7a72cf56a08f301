/**
 * What the node process (kubelet and proxy) needs to know; written as JSON by the embedded engine.
 * Paths are absolute. Extended by optional fields only.
 */
export interface NodeConfig {
  nodeName: string
  /** Address of the node, in its status and of its hostNetwork pods. */
  nodeIP: string
  /** Directory of CNI's plugins and of the one network configuration that the engine wrote for the runtime. */
  cni: { binDir: string; confDir: string }
  /** kubeconfig with the node's client certificate (system:node:<name>). */
  kubeconfig: string
  criSocket: string
  /** Pod directories, volumes, checkpoints; upstream's /var/lib/kubelet. */
  rootDir: string
  /** `/var/log/pods` and `/var/log/containers` equivalents. */
  podLogsDir: string
  staticPodsDir: string
  /** kubelet's HTTPS server; loopback and the node's own address only. */
  server: { addresses: string[]; port: number; certFile: string; keyFile: string; clientCaFile: string }
  clusterDns: string[]
  clusterDomain: string
  /** The node's resolv.conf, for dnsPolicy Default. */
  resolvConf: string
  podCidr: string
  serviceCidr: string
  /** Pool of addresses for Services of type LoadBalancer, so that the node itself has a route there. */
  loadBalancerCidr?: string
  /** Name of the bridge that pods hang on; made with the address `bridgeAddress` (CIDR notation) by the proxy. */
  bridge: { name: string; address: string }
  /** nftables table (family ip) that the proxy owns. */
  nftTable: string
  /** Parent of all pods' cgroups, e.g. `/minikube/minikube/kubepods`. */
  cgroupRoot: string
  cgroupDriver: 'cgroupfs' | 'systemd'
  maxPods: number
  /**
   * What has to stay free, by upstream's signals: `{ 'memory.available': '100Mi', 'nodefs.available': '10%' }`; pods are
   * evicted before it is used. Absent: 100 MiB of memory, and as much disk as a node cannot do without.
   */
  evictionHard?: Record<string, string>
  /** From which use of the disk on, and down to which (percent), unused images are removed. Absent: they never are. */
  imageGc?: { highThresholdPercent: number; lowThresholdPercent: number }
  labels: Record<string, string>
  taints?: { key: string; value?: string; effect: string }[]
  /** Capacity to announce instead of the machine's, e.g. cpu: '2', memory: '2Gi'. */
  capacity?: Record<string, string>
}
