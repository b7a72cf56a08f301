import type { ControlPlaneConfig } from '../control-plane-config.ts'

/** What the cluster's name server needs of {@link ControlPlaneConfig}. */
export type DnsConfig = ControlPlaneConfig['dns'] &
  Pick<ControlPlaneConfig, 'clusterDomain'> & {
    /** Addresses of which we alone know the names: asking others for them would only be slow. */
    serviceCidr?: string
    podCidr?: string
    /** Port to listen on; 53 when absent, 0 for any free one (tests). */
    port?: number
    /** Port of the Prometheus metrics; 9153 when absent. */
    metricsPort?: number
  }
