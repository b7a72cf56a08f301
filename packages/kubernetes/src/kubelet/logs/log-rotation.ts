import { lstat } from 'node:fs/promises'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { Logger } from '../../log.ts'
import { rotateLog } from './rotate-log.ts'

/** Upstream's defaults: 10 MiB, five files with the one that is written to. */
const maxBytes = 10 * 1024 * 1024
const maxFiles = 5

export interface RunningLog {
  containerId: string
  path: string
}

export interface LogRotationOptions {
  cri: Pick<CriClient, 'reopenContainerLog'>
  log: Logger
  /** Logs of all containers that run. */
  running(): RunningLog[]
  maxBytes?: number
}

/** Keeps containers' logs from filling the disk: a large one is put aside, packed, and in the end removed. */
export class LogRotation {
  private readonly options: LogRotationOptions
  private looking: Promise<void> | undefined

  constructor(options: LogRotationOptions) {
    this.options = options
  }

  /** Looks at all logs; to be called every now and then. Never throws. */
  look(): Promise<void> {
    this.looking ??= this.lookAtAll().finally(() => {
      this.looking = undefined
    })
    return this.looking
  }

  private async lookAtAll(): Promise<void> {
    const { running, log } = this.options
    for (const one of running()) {
      try {
        await this.check(one)
      } catch (error) {
        log.warn('log not rotated', { ...one, error })
      }
    }
  }

  private async check({ containerId, path }: RunningLog): Promise<void> {
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
