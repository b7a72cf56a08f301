import { chmod, mkdir, rm } from 'node:fs/promises'
import { isReason } from '../api/api-error.ts'
import type { PersistentVolume } from '../api/types/core-v1.ts'
import type { Client } from '../client/client.ts'
import { createWorkQueue } from '../client/create-work-queue.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import { persistentVolumes } from '../client/resources.ts'
import {
  directoryOf,
  isCleanupDue,
  withoutCleanupFinalizer,
} from '../controllers/volume/hostpath-protocol.ts'
import type { Logger } from '../log.ts'

export interface HostPathAgentOptions {
  client: Client
  informers: InformerFactory
  nodeName: string
  log: Logger
}

/** The node's side of controllers/volume/hostpath-protocol.ts: makes the directories of its volumes, and removes them. */
export function startHostPathAgent(options: HostPathAgentOptions): { stop(): Promise<void> } {
  const { client, informers, nodeName, log } = options
  const cache = informers.informer<PersistentVolume>(persistentVolumes)
  const queue = createWorkQueue({
    name: 'hostpath-agent',
    ready: cache.synced,
    maxBackoffMs: 60_000,
    async reconcile(name) {
      const volume = cache.get('', name)
      const directory = volume && directoryOf(volume, nodeName)
      if (!directory) return
      if (!volume.metadata.deletionTimestamp) {
        await makeDirectory(directory)
        return
      }
      if (!isCleanupDue(volume)) return
      if (volume.spec?.persistentVolumeReclaimPolicy === 'Delete') {
        await rm(directory, { recursive: true, force: true })
      }
      try {
        await client.update(persistentVolumes, withoutCleanupFinalizer(volume))
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
      }
    },
    onError(volume, error) {
      if (!isReason(error, 'Conflict')) log.warn('volume directory not settled', { volume, error })
    },
  })
  const silence = cache.listen(({ current }) => {
    if (current && directoryOf(current, nodeName)) queue.add(current.metadata.name ?? '')
  })
  return {
    stop() {
      silence()
      return queue.stop()
    },
  }
}

/** Makes the directory writable for whoever its pods run as; one that was there keeps the mode that its users gave it. */
async function makeDirectory(directory: string): Promise<void> {
  if ((await mkdir(directory, { recursive: true })) !== undefined) await chmod(directory, 0o777)
}
