import { readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { isCriCode } from '@minikube-ts/cri/cri-error.ts'
import { legacyLogLink } from './log-paths.ts'
import type { ContainerRecord, PodRecord, SandboxRecord } from './pod-record.ts'

/** Ended runs of one container that are kept for `kubectl logs --previous`, besides the present one. */
const keptPerContainer = 1

/** Removes what ended and nobody needs any more. */
export class DeadContainers {
  private readonly cri: CriClient
  private readonly containerLogsDir: string

  constructor(cri: CriClient, containerLogsDir: string) {
    this.cri = cri
    this.containerLogsDir = containerLogsDir
  }

  /** Of a pod that lives: older runs of its containers, and sandboxes that were replaced. @throws CriError */
  async prune(record: PodRecord): Promise<void> {
    const kept = new Map<string, number>()
    const removed = new Set<string>()
    for (const container of record.containers) {
      if (container.state === 'running' || container.state === 'created') continue
      const count = kept.get(container.name) ?? 0
      kept.set(container.name, count + 1)
      if (count < keptPerContainer) continue
      removed.add(container.id)
      await this.remove(record, container)
    }
    const inUse = new Set(
      record.containers.filter(({ id }) => !removed.has(id)).map(({ sandboxId }) => sandboxId),
    )
    for (const sandbox of record.sandboxes.slice(1)) {
      if (!sandbox.ready && !inUse.has(sandbox.id)) await this.removeSandbox(sandbox)
    }
  }

  /** Everything of a pod that is gone. @throws CriError */
  async removeAll(record: PodRecord): Promise<void> {
    await Promise.all(record.containers.map((container) => this.remove(record, container)))
    await Promise.all(record.sandboxes.map((sandbox) => this.removeSandbox(sandbox)))
  }

  async remove(record: PodRecord, container: ContainerRecord, keepLogs = false): Promise<void> {
    if (!keepLogs) await this.removeLogs(record, container)
    await unlessGone(this.cri.removeContainer({ containerId: container.id }))
  }

  private async removeSandbox(sandbox: SandboxRecord): Promise<void> {
    await unlessGone(this.cri.removePodSandbox({ podSandboxId: sandbox.id }))
  }

  /** The log of this run, with what was rotated out of it. */
  private async removeLogs(record: PodRecord, container: ContainerRecord): Promise<void> {
    await rm(legacyLogLink(this.containerLogsDir, record, container.name, container.id), { force: true })
    if (!container.logPath) return
    const directory = dirname(container.logPath)
    const name = basename(container.logPath)
    for (const file of await readdir(directory).catch(() => [])) {
      if (file === name || file.startsWith(`${name}.`)) await rm(join(directory, file), { force: true })
    }
  }
}

async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!isCriCode(error, 'NotFound')) throw error
  }
}
