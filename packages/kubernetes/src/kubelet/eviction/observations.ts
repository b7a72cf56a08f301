import { stat } from 'node:fs/promises'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { fileSystemUsage } from '../stats/file-system-usage.ts'
import { processLimits, readMachineMemory } from '../stats/machine-usage.ts'
import type { FsStats } from '../stats/summary.ts'
import type { Signal } from './thresholds.ts'

/** Bytes, or numbers of inodes or processes. */
export interface Observation {
  available: number
  capacity: number
}

export type Observations = Map<Signal, Observation>

/** Reads the machine's own figures, of what is asked for. */
export class Observer {
  private readonly cri: CriClient
  private readonly rootDir: string
  private imageDirectory: Promise<string> | undefined

  constructor(cri: CriClient, rootDir: string) {
    this.cri = cri
    this.rootDir = rootDir
  }

  async observe(wanted: ReadonlySet<Signal>): Promise<Observations> {
    const found: Observations = new Map()
    const reading: Promise<void>[] = []
    if (wanted.has('memory.available')) {
      reading.push(
        readMachineMemory().then(({ total, workingSetBytes }) => {
          found.set('memory.available', { available: total - workingSetBytes, capacity: total })
        }),
      )
    }
    if (wanted.has('pid.available')) {
      reading.push(
        processLimits().then(({ maxpid, curproc }) => {
          found.set('pid.available', { available: maxpid - curproc, capacity: maxpid })
        }),
      )
    }
    for (const system of ['nodefs', 'imagefs'] as const) {
      const [space, inodes] = [`${system}.available`, `${system}.inodesFree`] as const
      if (!wanted.has(space) && !wanted.has(inodes)) continue
      reading.push(
        this.fileSystem(system).then((usage) => {
          if (wanted.has(space)) found.set(space, pair(usage.availableBytes, usage.capacityBytes))
          // File systems that make inodes as they need them say that they have none.
          if (wanted.has(inodes) && usage.inodes) found.set(inodes, pair(usage.inodesFree, usage.inodes))
        }),
      )
    }
    await Promise.all(reading)
    return found
  }

  /** Do images have a file system of their own? */
  async hasImageFileSystem(): Promise<boolean> {
    const [own, images] = await Promise.all([stat(this.rootDir), stat(await this.images())])
    return own.dev !== images.dev
  }

  private async fileSystem(which: 'nodefs' | 'imagefs'): Promise<Omit<FsStats, 'time'>> {
    return fileSystemUsage(which === 'nodefs' ? this.rootDir : await this.images())
  }

  private images(): Promise<string> {
    this.imageDirectory ??= this.cri.imageFsInfo({}).then(
      ({ imageFilesystems: [first] }) => first?.fsId?.mountpoint || this.rootDir,
      () => {
        this.imageDirectory = undefined
        return this.rootDir
      },
    )
    return this.imageDirectory
  }
}

function pair(available = 0, capacity = 0): Observation {
  return { available, capacity }
}
