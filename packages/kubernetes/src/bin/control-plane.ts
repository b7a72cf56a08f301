// The control plane as a process.
// usage: control-plane.ts --config FILE     FILE holds a ControlPlaneConfig as JSON
// Writes one line to the descriptor in $NOTIFY_FD when it serves; SIGTERM and SIGINT stop it in order.
import { readFileSync, writeSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ControlPlaneConfig } from '../control-plane-config.ts'
import { createLogger } from '../log.ts'

const log = createLogger((line) => process.stderr.write(line))
const { values } = parseArgs({ options: { config: { type: 'string' } } })
if (!values.config) {
  process.stderr.write('usage: control-plane --config FILE\n')
  process.exit(2)
}

try {
  const config = JSON.parse(readFileSync(values.config, 'utf8')) as ControlPlaneConfig
  // From the second start on, nothing has to be compiled.
  enableCompileCache(process.env.NODE_COMPILE_CACHE ?? join(config.dataDir, 'compile-cache'))
  const { startControlPlane } = await import('../control-plane.ts')
  const controlPlane = await startControlPlane(config, { log })
  log.info('serving', { url: controlPlane.url, ms: Math.round(performance.now()) })
  if (process.env.NOTIFY_FD) writeSync(Number(process.env.NOTIFY_FD), `READY ${controlPlane.url}\n`)
  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    await controlPlane.stop()
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
} catch (error) {
  log.error('cannot start', { error: (error as Error).message })
  process.stderr.write(`${(error as Error).stack}\n`)
  process.exit(1)
}
