import type { InformerFactory } from '../client/informer-factory.ts'
import type { Logger } from '../log.ts'
import type { NodeConfig } from '../node-config.ts'
import { baseTable } from './base-table.ts'
import { ensureBridge, removeBridge } from './bridge.ts'
import { forwardTable, passForwardPolicy, removeForwardRules } from './forward-policy.ts'
import { NftTable } from './nft/nft-table.ts'
import { run } from './nft/run.ts'
import { type TableEvent, watchTables } from './nft/watch-tables.ts'
import { PodSource } from './pod-source.ts'
import { PolicySource } from './policy/policy-source.ts'
import { HealthChecks } from './services/health-checks.ts'
import { ServiceSource } from './services/service-source.ts'
import { SyncLoop } from './sync-loop.ts'
import { UdpFlows } from './udp-flows.ts'

export interface StartProxyOptions {
  informers: InformerFactory
  log: Logger
  now?: () => number
}

export interface RunningProxy {
  /** Resolves when the bridge is there: pods can be given addresses, and servers can listen on its own. */
  readonly bridgeReady: Promise<void>
  /** Resolves when Services are reachable for the first time. */
  readonly synced: Promise<void>
  /**
   * Tells of a pod's address before the API server knows it, so that its host ports lead there and its policies hold before
   * its first container runs. Resolves when that is so.
   */
  podHasAddress(pod: { namespace: string; name: string }, ip: string): Promise<void>
  /** Leaves everything as it is: Services go on working while the process is away. */
  stop(): Promise<void>
  /** Removes the table and the bridge with its routes. */
  cleanup(): Promise<void>
}

/**
 * Starts the proxy of a node: it makes the pods' bridge, and keeps one nftables table in which Services, host ports,
 * masquerading and network policies are. See host-requirements.ts for what it takes as given. Changes what is in the kernel
 * in one transaction at a time, of only what is different; starts with one that replaces the table whole.
 */
export function startProxy(
  config: NodeConfig,
  { informers, log, now = Date.now }: StartProxyOptions,
): RunningProxy {
  const { bridge, podCidr, serviceCidr, loadBalancerCidr, nftTable, nodeName, nodeIP } = config
  const stopping = new AbortController()

  async function start() {
    const serviceCidrs = [serviceCidr, ...(loadBalancerCidr ? [loadBalancerCidr] : [])]
    const { seesBridgedTraffic } = await ensureBridge({ ...bridge, routes: serviceCidrs }, log)
    bridgeReady.resolve()
    const table = new NftTable(
      nftTable,
      baseTable({ bridge: bridge.name, podCidr, serviceCidrs, seesBridgedTraffic }),
    )
    const flows = new UdpFlows(log)
    const loop = new SyncLoop({ table, log, now, signal: stopping.signal, applied: () => flows.check() })
    const health = new HealthChecks(nodeIP, log)
    const pods = new PodSource({ informers, nodeName, flows, onChange: loop.request })
    const services = new ServiceSource({
      informers,
      nodeName,
      nodeIP,
      podCidr,
      health,
      flows,
      onChange: loop.request,
    })
    const policies = new PolicySource({ informers, pods, onChange: loop.request })
    await Promise.all([pods.synced, services.synced, policies.synced])
    loop.begin([services, pods, policies])
    await loop.settled()
    const stopWatching = watchTables(tableChanged(loop))
    stopping.signal.addEventListener('abort', stopWatching)
    if (stopping.signal.aborted) stopWatching()
    await passForwardPolicy(bridge.name, log)
    return { loop, pods, services, policies, health }
  }

  /** Our own transactions remove the table and add it in one breath. */
  function tableChanged(loop: SyncLoop): (event: TableEvent) => void {
    let gone = false
    return ({ action, table }) => {
      if (table === forwardTable && action === 'add') {
        passForwardPolicy(bridge.name, log).catch((error: unknown) => log.warn('forward policy', { error }))
      }
      if (table !== `ip ${nftTable}`) return
      gone = action === 'delete'
      if (!gone) return
      setImmediate(() => {
        if (!gone) return
        log.warn('rules were removed by somebody else and come back', { table })
        loop.startOver()
      })
    }
  }

  const bridgeReady = Promise.withResolvers<void>()
  const started = start()
  started.catch((error: unknown) => {
    bridgeReady.reject(error)
    log.error('proxy failed', { error })
  })
  const synced = started.then(() => undefined)
  // Who does not ask is not to be troubled.
  for (const promise of [bridgeReady.promise, synced]) promise.catch(() => undefined)

  async function stop(): Promise<void> {
    stopping.abort()
    const parts = await started.catch(() => undefined)
    if (!parts) return
    for (const source of [parts.services, parts.pods, parts.policies]) source.stop()
    await Promise.all([parts.loop.stop(), parts.health.stop()])
  }

  return {
    bridgeReady: bridgeReady.promise,
    synced,
    async podHasAddress({ namespace, name }, ip) {
      const { pods, loop } = await started
      pods.setAddress(namespace, name, ip)
      await loop.settled()
    },
    stop,
    async cleanup() {
      await stop()
      await run('nft', ['-f', '-'], `add table ip ${nftTable}\ndelete table ip ${nftTable}\n`)
      await Promise.all([removeForwardRules(bridge.name), removeBridge(bridge.name)])
    },
  }
}
