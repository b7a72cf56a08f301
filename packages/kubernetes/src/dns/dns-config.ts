import type { ControlPlaneConfig } from '../control-plane-config.ts'

/** What the cluster's name server needs of {@link ControlPlaneConfig}. */
export type DnsConfig = ControlPlaneConfig['dns'] & {
  clusterDomain: string
  /** Port to listen on; 53 when absent, 0 for any free one (tests). */
  port?: number
}
