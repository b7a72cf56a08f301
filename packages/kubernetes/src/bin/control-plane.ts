// The control plane as a process.
// usage: control-plane.ts --config FILE     FILE holds a ControlPlaneConfig as JSON
import type { ControlPlaneConfig } from '../control-plane-config.ts'
import { runProcess } from './run-process.ts'

await runProcess<ControlPlaneConfig>({
  name: 'control-plane',
  cacheParent: ({ dataDir }) => dataDir,
  async start(config, log) {
    const { startControlPlane } = await import('../control-plane.ts')
    const controlPlane = await startControlPlane(config, { log })
    return { ready: controlPlane.url, stop: () => controlPlane.stop() }
  },
})
