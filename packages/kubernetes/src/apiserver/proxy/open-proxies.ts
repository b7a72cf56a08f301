import { readFileSync } from 'node:fs'
import type { ControlPlaneConfig } from '../../control-plane-config.ts'
import type { ApiCore } from '../create-api-core.ts'
import type { ConnectHandler } from '../http/resource-handler.ts'
import { connectHandlers } from './connect-handlers.ts'
import { KubeletConnection } from './kubelet-connection.ts'

export interface Proxies {
  connects: ReadonlyMap<string, ConnectHandler>
  kubelets: KubeletConnection
  close(): void
}

/** Loaded with the first request that needs it: most of a cluster's life nobody looks into a pod. */
export function openProxies(core: ApiCore, files: ControlPlaneConfig['kubeletClient']): Proxies {
  const kubelets = new KubeletConnection(core.store, {
    ca: readFileSync(files.caFile, 'utf8'),
    cert: readFileSync(files.certFile, 'utf8'),
    key: readFileSync(files.keyFile, 'utf8'),
  })
  return { connects: connectHandlers(core, kubelets), kubelets, close: () => kubelets.close() }
}
