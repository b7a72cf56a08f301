// A node of the cluster as a process: kubelet and proxy.
// usage: node.ts --config FILE     FILE holds a NodeConfig as JSON
// Writes one line to the descriptor in $NOTIFY_FD when the node is registered; SIGTERM and SIGINT end it, pods go on running.
import { readFileSync, writeSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createLogger } from '../log.ts'
import type { NodeConfig } from '../node-config.ts'

const log = createLogger((line) => process.stderr.write(line))
const { values } = parseArgs({ options: { config: { type: 'string' } } })
if (!values.config) {
  process.stderr.write('usage: node --config FILE\n')
  process.exit(2)
}

try {
  const config = JSON.parse(readFileSync(values.config, 'utf8')) as NodeConfig
  // From the second start on, nothing has to be compiled.
  enableCompileCache(process.env.NODE_COMPILE_CACHE ?? join(config.rootDir, 'compile-cache'))
  const { startNode } = await import('../node.ts')
  const node = await startNode(config, { log })
  log.info('ready', { node: config.nodeName, ms: Math.round(performance.now()) })
  if (process.env.NOTIFY_FD) writeSync(Number(process.env.NOTIFY_FD), `READY ${config.nodeName}\n`)
  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    await node.stop()
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
} catch (error) {
  log.error('cannot start', { error: (error as Error).message })
  process.stderr.write(`${(error as Error).stack}\n`)
  process.exit(1)
}
