import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { Logger } from '../../log.ts'
import { containerLogPath, podLogsDirectory } from '../containers/log-paths.ts'
import type { KubeletServerSource } from '../server/kubelet-server-source.ts'
import { rotateLog } from './rotate-log.ts'

/** Upstream's defaults: containerLogMaxSize 10Mi, containerLogMaxFiles 5. */
const maxBytes = 10 * 1024 * 1024
const maxFiles = 5

export interface LogRotationOptions {
  podLogsDir: string
  cri: Pick<CriClient, 'reopenContainerLog'>
  source: Pick<KubeletServerSource, 'pods' | 'status'>
  log: Logger
  maxBytes?: number
}

/** Keeps the logs of running containers from growing without end. */
export class LogRotation {
  private readonly options: LogRotationOptions
  private looking: Promise<void> | undefined

  constructor(options: LogRotationOptions) {
    this.options = options
  }

  /** Looks at the size of each log that may be written to, and rotates those that are too long. Never throws. */
  look(): Promise<void> {
    this.looking ??= this.lookNow().finally(() => {
      this.looking = undefined
    })
    return this.looking
  }

  private async lookNow(): Promise<void> {
    const { podLogsDir, source, log } = this.options
    for (const { metadata } of source.pods()) {
      const {
        containerStatuses = [],
        initContainerStatuses = [],
        ephemeralContainerStatuses = [],
      } = source.status(metadata.uid) ?? {}
      const directory = podLogsDirectory(podLogsDir, metadata)
      for (const status of [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses]) {
        const { name, restartCount, containerID, state } = status
        if (!state?.running || !containerID) continue
        const path = join(directory, containerLogPath(name, restartCount))
        try {
          await this.check(path, containerID.slice(containerID.indexOf('://') + 3))
        } catch (error) {
          log.warn('log not rotated', { path, error })
        }
      }
    }
  }

  private async check(path: string, containerId: string): Promise<void> {
    const reopen = async (): Promise<void> => {
      await this.options.cri.reopenContainerLog({ containerId })
    }
    const found = await lstat(path).catch(() => undefined)
    // Somebody has removed it: what is written would be lost.
    if (!found) return reopen()
    // A link leads to a file that the runtime rotates itself.
    if (found.isSymbolicLink() || found.size < (this.options.maxBytes ?? maxBytes)) return
    await rotateLog(path, maxFiles, reopen)
  }
}
