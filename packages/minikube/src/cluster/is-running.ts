import { isAlive } from '../node/supervisor/process-table.ts'
import { processTableFile, type RememberedService } from '../node/supervisor/protocol.ts'
import type { Cluster } from './cluster.ts'

/** Whether anything of the cluster runs: its supervisor, or services that survived it. */
export async function isRunning(cluster: Cluster): Promise<boolean> {
  if (await cluster.supervisor.status()) return true
  const table = await cluster.node
    .readFile(`${cluster.layout.run}/${processTableFile}`)
    .catch(() => undefined)
  if (!table) return false
  const remembered = JSON.parse(table.toString()) as Record<string, RememberedService>
  return Object.values(remembered).some(({ identity }) => isAlive(identity))
}
