import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { Logger } from '../../log.ts'
import type { NodeConfig } from '../../node-config.ts'
import type { PodEvents } from '../events/pod-events.ts'
import { EvictionManager } from '../eviction/eviction-manager.ts'
import type { Evictor } from '../eviction/evictor.ts'
import { hasStorageLimits } from '../eviction/storage-limits.ts'
import { defaultThresholds, parseThresholds } from '../eviction/thresholds.ts'
import { ImageGc } from '../images/image-gc.ts'
import { LogRotation } from '../logs/log-rotation.ts'
import type { Pressure } from '../node/node-conditions.ts'
import type { TerminationRequest } from '../pods/pod-worker.ts'
import type { KubeletServerSource } from '../server/kubelet-server-source.ts'
import { runningLogs } from './running-logs.ts'

/** How often upstream looks at logs and at what runs short, and how many of these looks make one at images. */
const lookMs = 10_000
const looksPerImageLook = 30

export interface HousekeepingOptions {
  config: NodeConfig
  cri: CriClient
  source: KubeletServerSource
  events: PodEvents
  /** About the node itself. */
  nodeEvent(type: 'Normal' | 'Warning', reason: string, message: string): void
  terminate(uid: string, request: TerminationRequest): void
  /** `pressure` has changed. */
  onPressure(): void
  log: Logger
}

/** What a kubelet sees to every ten seconds, because no event tells: logs that grow, and what runs short. */
export class Housekeeping {
  private readonly options: HousekeepingOptions
  private readonly logs: LogRotation
  private readonly eviction: EvictionManager
  private readonly images: ImageGc | undefined
  private evictor: Promise<Evictor> | undefined
  private timer: NodeJS.Timeout | undefined
  private looks = 0

  /** @throws Error when the configuration's thresholds are wrong */
  constructor(options: HousekeepingOptions) {
    const { config, cri, source, onPressure, log } = options
    this.options = options
    this.logs = new LogRotation({ cri, log, running: () => runningLogs(source, config.podLogsDir) })
    this.images = config.imageGc && new ImageGc(cri, config.imageGc, log)
    this.eviction = new EvictionManager({
      cri,
      rootDir: config.rootDir,
      thresholds: parseThresholds(config.evictionHard ?? defaultThresholds),
      evictor: () => this.makeEvictor(),
      hasStorageLimits: () => source.pods().some(hasStorageLimits),
      onPressure,
      log,
    })
  }

  get pressure(): Pressure {
    return this.eviction.pressure
  }

  /** Resolves after the first look at what there is. */
  async start(): Promise<void> {
    this.timer = setInterval(() => this.look(), lookMs)
    this.timer.unref()
    await this.eviction.look()
  }

  private look(): void {
    void this.logs.look()
    void this.eviction.look()
    if (this.looks++ % looksPerImageLook > 0) return
    this.images?.collect().catch((error: Error) => {
      this.options.log.warn('images not removed', { error })
      this.options.nodeEvent('Warning', 'ImageGCFailed', error.message)
    })
  }

  /** Nearly no node ever evicts anybody. */
  private makeEvictor(): Promise<Evictor> {
    const { images, options } = this
    this.evictor ??= import('../eviction/evictor.ts').then(
      ({ Evictor }) => new Evictor({ ...options, ...(images && { images }) }),
    )
    return this.evictor
  }

  stop(): void {
    clearInterval(this.timer)
  }
}
