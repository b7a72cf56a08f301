// A node of the cluster as a process: kubelet and proxy. When it ends, pods go on running.
// usage: node.ts --config FILE     FILE holds a NodeConfig as JSON
import type { NodeConfig } from '../node-config.ts'
import { runProcess } from './run-process.ts'

await runProcess<NodeConfig>({
  name: 'node',
  cacheParent: ({ rootDir }) => rootDir,
  async start(config, log) {
    const { startNode } = await import('../node.ts')
    const node = await startNode(config, { log })
    return { ready: config.nodeName, stop: () => node.stop() }
  },
})
