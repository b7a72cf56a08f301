import { readFile } from 'node:fs/promises'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { Client } from '../../client/client.ts'
import type { Logger } from '../../log.ts'
import type { NodeConfig } from '../../node-config.ts'
import { KubeletAuth } from './kubelet-auth.ts'
import type { KubeletServerSource } from './kubelet-server-source.ts'
import { listen } from './listen.ts'
import { createRoutes } from './routes.ts'

export interface KubeletServerOptions {
  config: NodeConfig
  cri: CriClient
  /** Answers who may do what; absent on a node without a control plane, where only system:masters may. */
  client: Client | undefined
  source: KubeletServerSource
  log: Logger
}

export interface KubeletServer {
  /** The one that was asked for, or the free one that was found for port 0. */
  readonly port: number
  /** Ends streams and closes. */
  stop(): Promise<void>
}

/** Serves the kubelet's own API: logs, commands in containers, ports, statistics. Resolves when it listens. */
export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const { config, client, log } = options
  const { server } = config
  const [cert, key, clientCa] = await Promise.all(
    [server.certFile, server.keyFile, server.clientCaFile].map((file) => readFile(file, 'utf8')),
  )
  const auth = new KubeletAuth({ nodeName: config.nodeName, clientCa: clientCa!, client })
  return listen({
    addresses: server.addresses,
    port: server.port,
    tls: { cert: cert!, key: key!, ca: clientCa! },
    auth,
    route: createRoutes(options),
    log: log.child('server'),
  })
}
