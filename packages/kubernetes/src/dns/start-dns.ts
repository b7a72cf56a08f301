import type { Client } from '../client/client.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import type { Logger } from '../log.ts'
import type { DnsConfig } from './dns-config.ts'
import { maintainDnsService } from './dns-service.ts'
import { Forwarder } from './forward/forwarder.ts'
import { Upstreams } from './forward/upstreams.ts'
import { Resolver } from './resolver.ts'
import { bindWhenPossible } from './server/bind-when-possible.ts'
import type { Listener } from './server/listener.ts'
import { DnsMetrics, listenMetrics } from './server/metrics.ts'
import { listenTcp } from './server/tcp-server.ts'
import { listenUdp } from './server/udp-server.ts'
import { createClusterData } from './zone/cluster-data.ts'
import { ClusterZone } from './zone/cluster-zone.ts'
import { Hosts } from './zone/hosts.ts'
import { createReverse } from './zone/reverse.ts'

export interface StartDnsOptions {
  informers: InformerFactory
  /** To keep the `kube-dns` Service; without it, only the server runs. */
  client?: Client
  log: Logger
  now?: () => number
}

export interface RunningDns {
  /** Resolves to the port when questions are answered; never, when stopped before. */
  readonly listening: Promise<number>
  stop(): Promise<void>
}

const standardPort = 53
const standardMetricsPort = 9153

/**
 * Starts the cluster's name server: it listens as soon as its caches are filled and its address exists. The address is that
 * of the pods' bridge, which the node process makes before it registers its Node: so when the address is not there yet,
 * every change of a Node is the occasion to try again. Whatever has port 53 on other addresses does not matter.
 */
export function startDns(config: DnsConfig, options: StartDnsOptions): RunningDns {
  const { informers, client, log, now = Date.now } = options
  const { listenAddress, clusterIP, port = standardPort, metricsPort = standardMetricsPort } = config
  const data = createClusterData(informers)
  const zone = new ClusterZone({ domain: config.clusterDomain, serverAddress: clusterIP, data })
  const hosts = new Hosts(config.hosts)
  const upstreams = new Upstreams({
    ...(config.upstreams && { upstreams: config.upstreams }),
    ...(config.resolvConf && { resolvConf: config.resolvConf }),
    own: [port === standardPort ? listenAddress : `${listenAddress}:${port}`, clusterIP],
    now,
  })
  const forwarder = new Forwarder({ upstreams, log, now })
  const reverse = createReverse({ config, data, zone, hosts: hosts.byAddress })
  const metrics = new DnsMetrics()
  const resolver = new Resolver({ zone, hosts, reverse, forwarder, onAnswer: metrics.count })

  const stopping = new AbortController()
  const listeners: Listener[] = []
  const service = client && maintainDnsService({ client, informers, log, clusterIP, address: listenAddress })

  async function listen(): Promise<number> {
    await data.synced
    const bind = () => listenUdp(resolver, listenAddress, port).catch(onAnyPort)
    const udp = await bindWhenPossible({ bind, informers, log, signal: stopping.signal })
    listeners.push(udp, await listenTcp(resolver, listenAddress, udp.port))
    // Numbers are a courtesy: without them, names still resolve.
    const numbers = await listenMetrics(metrics, listenAddress, metricsPort).catch((error: unknown) => {
      log.warn('metrics are not served', { error })
      return undefined
    })
    if (numbers) listeners.push(numbers)
    if (stopping.signal.aborted) await close()
    log.info('answering', { address: listenAddress, port: udp.port })
    service?.publish({ port: udp.port, metricsPort: numbers?.port ?? metricsPort })
    return udp.port
  }

  /** Pods come through the Service, which leads to any port: one that is taken (by a server on all addresses) is no trouble. */
  function onAnyPort(error: NodeJS.ErrnoException): Promise<Listener> {
    if (error.code !== 'EADDRINUSE') throw error
    log.warn('port is taken, another one is used', { address: listenAddress, port })
    return listenUdp(resolver, listenAddress, 0)
  }

  async function close(): Promise<void> {
    await Promise.all(listeners.splice(0).map((listener) => listener.close()))
  }

  const listening = Promise.withResolvers<number>()
  listen().then(listening.resolve, (error: unknown) => {
    if (!stopping.signal.aborted) log.error('name server failed', { error })
  })
  return {
    listening: listening.promise,
    async stop() {
      stopping.abort()
      await Promise.all([close(), service?.stop()])
    },
  }
}
