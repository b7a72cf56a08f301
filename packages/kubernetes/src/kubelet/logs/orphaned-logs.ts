import { readdir, readlink, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { uidOfLogsDirectory } from '../containers/log-paths.ts'

/**
 * Removes the logs of pods that nobody knows any more (deleted while no kubelet ran), and links to logs that are gone.
 * Others' files in these directories stay.
 */
export async function removeOrphanedLogs(
  podLogsDir: string,
  containerLogsDir: string,
  known: ReadonlySet<string>,
): Promise<void> {
  for (const entry of await readdir(podLogsDir, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory() || entry.name.split('_').length !== 3) continue
    if (known.has(uidOfLogsDirectory(entry.name))) continue
    await rm(join(podLogsDir, entry.name), { recursive: true, force: true })
  }
  for (const entry of await readdir(containerLogsDir, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isSymbolicLink()) continue
    const path = join(containerLogsDir, entry.name)
    if (!(await readlink(path)).startsWith(`${podLogsDir}/`)) continue
    const isAlive = await stat(path).then(
      () => true,
      () => false,
    )
    if (!isAlive) await rm(path, { force: true })
  }
}
