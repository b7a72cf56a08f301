import { join } from 'node:path'
import { containerLogPath, podLogsDirectory } from '../containers/log-paths.ts'
import type { RunningLog } from '../logs/log-rotation.ts'
import type { KubeletServerSource } from '../server/kubelet-server-source.ts'

/** Logs that may be written to. */
export function runningLogs(
  source: Pick<KubeletServerSource, 'pods' | 'status'>,
  podLogsDir: string,
): RunningLog[] {
  return source.pods().flatMap(({ metadata }) => {
    const directory = podLogsDirectory(podLogsDir, metadata)
    const status = source.status(metadata.uid) ?? {}
    const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status
    return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].flatMap(
      ({ name, restartCount, containerID, state }) =>
        state?.running && containerID
          ? {
              containerId: containerID.slice(containerID.indexOf('://') + 3),
              path: join(directory, containerLogPath(name, restartCount)),
            }
          : [],
    )
  })
}
