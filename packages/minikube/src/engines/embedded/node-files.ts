import type { ControlPlaneConfig } from '@minikube-ts/kubernetes/control-plane-config.ts'
import type { NodeConfig } from '@minikube-ts/kubernetes/node-config.ts'
import type { NodeFile } from '../../node/node.ts'
import type { CredentialSpec, KeyPair } from '../credentials.ts'
import type { EngineContext } from '../engine.ts'

/** Where everything lies on the node. */
export interface EngineDirectories {
  certificates: string
  controlPlaneConfig: string
  nodeConfig: string
  nodeKubeconfig: string
}

export function engineDirectories(context: EngineContext): EngineDirectories {
  const base = `${context.dataDir}/kubernetes`
  return {
    certificates: `${base}/certificates`,
    controlPlaneConfig: `${base}/control-plane.json`,
    nodeConfig: `${base}/node.json`,
    nodeKubeconfig: `${base}/node.kubeconfig`,
  }
}

/** The bridge's address without its prefix length: where pods and nodes reach the API. */
export function bridgeIP(context: EngineContext): string {
  return context.network.bridgeAddress.split('/')[0]!
}

/** Certificates of a cluster by the name of their file. */
export function certificateSpecs(context: EngineContext): CredentialSpec[] {
  const { network, nodeName, nodeIP } = context
  return [
    {
      name: 'client',
      commonName: 'minikube-user',
      organizations: ['system:masters'],
      usages: ['clientAuth'],
    },
    {
      name: 'apiserver',
      commonName: 'minikube',
      organizations: ['system:masters'],
      names: [
        ...new Set([
          'minikubeCA',
          'control-plane.minikube.internal',
          context.profile,
          nodeName,
          'localhost',
          'kubernetes',
          'kubernetes.default',
          'kubernetes.default.svc',
          `kubernetes.default.svc.${network.clusterDomain}`,
          firstAddress(network.serviceCidr),
          '127.0.0.1',
          '10.0.0.1',
          nodeIP,
          bridgeIP(context),
          ...context.apiServerNames,
          ...network.listenAddresses.filter((address) => address !== '0.0.0.0'),
        ]),
      ],
      usages: ['serverAuth'],
    },
    {
      name: 'apiserver-kubelet-client',
      commonName: 'kube-apiserver-kubelet-client',
      organizations: ['system:masters'],
      usages: ['clientAuth'],
    },
    {
      name: 'proxy-client',
      authority: 'proxy-client-ca',
      commonName: 'front-proxy-client',
      usages: ['clientAuth'],
    },
    {
      name: 'kubelet',
      commonName: `system:node:${nodeName}`,
      organizations: ['system:nodes'],
      names: [...new Set([nodeName, 'localhost', nodeIP, bridgeIP(context), '127.0.0.1'])],
      usages: ['serverAuth'],
    },
    {
      name: 'node',
      commonName: `system:node:${nodeName}`,
      organizations: ['system:nodes'],
      usages: ['clientAuth'],
    },
  ]
}

/** Certificates and keys as files on the node. */
export function certificateFiles(directory: string, certificates: ReadonlyMap<string, KeyPair>): NodeFile[] {
  return [...certificates].flatMap(([name, { cert, key }]) => [
    { path: `${directory}/${name}.crt`, content: cert, mode: 0o644 },
    { path: `${directory}/${name}.key`, content: key, mode: 0o600 },
  ])
}

export function controlPlaneConfig(context: EngineContext): ControlPlaneConfig {
  const { network, profile } = context
  const at = (file: string): string => `${engineDirectories(context).certificates}/${file}`
  return {
    clusterName: profile,
    dataDir: `${context.dataDir}/store`,
    listenAddresses: [...new Set(['127.0.0.1', bridgeIP(context), ...network.listenAddresses])],
    port: network.apiServerPort,
    advertiseAddress: bridgeIP(context),
    tls: { certFile: at('apiserver.crt'), keyFile: at('apiserver.key') },
    clientCaFile: at('ca.crt'),
    clientCaKeyFile: at('ca.key'),
    kubeletClient: {
      caFile: at('ca.crt'),
      certFile: at('apiserver-kubelet-client.crt'),
      keyFile: at('apiserver-kubelet-client.key'),
    },
    frontProxy: {
      caFile: at('proxy-client-ca.crt'),
      certFile: at('proxy-client.crt'),
      keyFile: at('proxy-client.key'),
    },
    serviceAccount: {
      keyFile: at('sa.key'),
      issuer: `https://kubernetes.default.svc.${network.clusterDomain}`,
    },
    serviceCidr: network.serviceCidr,
    podCidr: network.podCidr,
    nodePortRange: [30000, 32767],
    ...(network.loadBalancerCidr !== undefined && { loadBalancerCidr: network.loadBalancerCidr }),
    clusterDomain: network.clusterDomain,
    dns: {
      clusterIP: network.dnsClusterIP,
      listenAddress: bridgeIP(context),
      resolvConf: context.resolvConf,
      hosts: context.hosts,
    },
    hostPathProvisionerDir: `${context.dataDir}/hostpath-provisioner`,
    featureGates: context.featureGates,
  }
}

export function nodeConfig(context: EngineContext): NodeConfig {
  const { network } = context
  const at = (file: string): string => `${engineDirectories(context).certificates}/${file}`
  return {
    nodeName: context.nodeName,
    nodeIP: context.nodeIP,
    cni: context.cni,
    kubeconfig: engineDirectories(context).nodeKubeconfig,
    criSocket: context.criSocket,
    rootDir: `${context.dataDir}/kubelet`,
    podLogsDir: `${context.logDir}/pods`,
    staticPodsDir: `${context.dataDir}/manifests`,
    server: {
      addresses: [...new Set(['127.0.0.1', bridgeIP(context)])],
      port: network.kubeletPort,
      certFile: at('kubelet.crt'),
      keyFile: at('kubelet.key'),
      clientCaFile: at('ca.crt'),
    },
    clusterDns: [network.dnsClusterIP],
    clusterDomain: network.clusterDomain,
    resolvConf: context.resolvConf,
    podCidr: network.nodePodCidr,
    serviceCidr: network.serviceCidr,
    ...(network.loadBalancerCidr !== undefined && { loadBalancerCidr: network.loadBalancerCidr }),
    bridge: { name: network.bridgeName, address: network.bridgeAddress },
    nftTable: network.nftTable,
    cgroupRoot: context.cgroupRoot,
    cgroupDriver: context.cgroupDriver,
    maxPods: 110,
    // minikube's own labels are not a kubelet's to set: the administrator does, see wait-for-cluster.ts.
    labels: {},
    capacity: context.capacity,
  }
}

/** kubeconfig of the node's process; JSON is YAML, and needs no parser there. */
export function nodeKubeconfig(context: EngineContext): string {
  const at = (file: string): string => `${engineDirectories(context).certificates}/${file}`
  const name = 'node'
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      clusters: [
        {
          name,
          cluster: {
            server: `https://127.0.0.1:${context.network.apiServerPort}`,
            'certificate-authority': at('ca.crt'),
          },
        },
      ],
      users: [{ name, user: { 'client-certificate': at('node.crt'), 'client-key': at('node.key') } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
    },
    undefined,
    2,
  )}\n`
}

/** One bridge network; addresses are remembered where a reboot forgets them, as it does the pods. */
export function cniConfiguration(context: EngineContext, mtu: number | undefined): string {
  const { network } = context
  return `${JSON.stringify(
    {
      cniVersion: '0.4.0',
      name: `minikube-${context.profile}`,
      plugins: [
        {
          type: 'bridge',
          bridge: network.bridgeName,
          isDefaultGateway: true,
          hairpinMode: true,
          ipMasq: false,
          ...(mtu !== undefined && { mtu }),
          ipam: {
            type: 'host-local',
            dataDir: `${context.runDir}/cni`,
            ranges: [[{ subnet: network.nodePodCidr, gateway: bridgeIP(context) }]],
          },
        },
      ],
    },
    undefined,
    2,
  )}\n`
}

function firstAddress(cidr: string): string {
  const parts = cidr.split('/')[0]!.split('.').map(Number)
  parts[3]! += 1
  return parts.join('.')
}
