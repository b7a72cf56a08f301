import type { NodeConfig } from '../../node-config.ts'

/** The settings that are in force, in the words of upstream's KubeletConfiguration, for `/configz`. */
export function configuration(config: NodeConfig): object {
  return {
    enableServer: true,
    staticPodPath: config.staticPodsDir,
    address: config.server.addresses[0],
    port: config.server.port,
    tlsCertFile: config.server.certFile,
    tlsPrivateKeyFile: config.server.keyFile,
    authentication: {
      x509: { clientCAFile: config.server.clientCaFile },
      webhook: { enabled: true, cacheTTL: '2m0s' },
      anonymous: { enabled: false },
    },
    authorization: {
      mode: 'Webhook',
      webhook: { cacheAuthorizedTTL: '5m0s', cacheUnauthorizedTTL: '30s' },
    },
    clusterDomain: config.clusterDomain,
    clusterDNS: config.clusterDns,
    cgroupRoot: config.cgroupRoot,
    cgroupDriver: config.cgroupDriver,
    maxPods: config.maxPods,
    podCIDR: config.podCidr,
    resolvConf: config.resolvConf,
    containerRuntimeEndpoint: `unix://${config.criSocket}`,
    podLogsDir: config.podLogsDir,
    enableDebuggingHandlers: true,
    ...(config.taints && { registerWithTaints: config.taints }),
  }
}
