import { createEventRecorder } from './client/create-event-recorder.ts'
import { createInformerFactory } from './client/create-informer-factory.ts'
import { createHttpClientFromKubeconfig } from './client/kubeconfig-client.ts'
import { startHostPathAgent } from './kubelet/hostpath-agent.ts'
import { Kubelet } from './kubelet/kubelet.ts'
import type { Logger } from './log.ts'
import type { NodeConfig } from './node-config.ts'
import { startProxy } from './proxy/start-proxy.ts'

export interface RunningNode {
  readonly kubelet: Kubelet
  /** Ends all of them; pods and Services go on working. */
  stop(): Promise<void>
}

/** Starts a node in this process: kubelet, proxy and keeper of volume directories. Resolves when the node is registered. */
export async function startNode(config: NodeConfig, { log }: { log: Logger }): Promise<RunningNode> {
  const client = await createHttpClientFromKubeconfig(config.kubeconfig, { userAgent: 'kubelet' })
  const stopping = new AbortController()
  const informers = createInformerFactory(client, { log: log.child('informers'), signal: stopping.signal })
  const recorder = createEventRecorder(client, 'kubelet', {
    host: config.nodeName,
    log: log.child('events'),
    signal: stopping.signal,
  })
  const { nodeName } = config
  const directories = startHostPathAgent({ client, informers, nodeName, log: log.child('volumes') })
  const proxy = startProxy(config, { informers, log: log.child('proxy') })
  const [kubelet] = await Promise.all([
    Kubelet.create({
      config,
      log: log.child('kubelet'),
      api: { client, informers, recorder },
      onAddress: ({ metadata }, ip) => proxy.podHasAddress(metadata, ip),
    }),
    proxy.bridgeReady,
  ])
  await kubelet.start()
  return {
    kubelet,
    stop: async () => {
      await kubelet.stop()
      await Promise.all([proxy.stop(), directories.stop()])
      stopping.abort()
      client.close()
    },
  }
}
