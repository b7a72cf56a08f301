import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { toTime } from '../../api/time.ts'
import type { PodStatus } from '../../api/types/core-v1.ts'
import { withCondition } from '../../client/conditions.ts'
import type { Logger } from '../../log.ts'
import type { NodeConfig } from '../../node-config.ts'
import type { PodEvents } from '../events/pod-events.ts'
import type { ImageGc } from '../images/image-gc.ts'
import { describePod, isCriticalPod, type NodePod } from '../pods/node-pod.ts'
import type { TerminationRequest } from '../pods/pod-worker.ts'
import type { KubeletServerSource } from '../server/kubelet-server-source.ts'
import { completeSummary } from '../stats/full-summary.ts'
import { NodeStatistics } from '../stats/node-statistics.ts'
import type { PodStats } from '../stats/summary.ts'
import { evictionMessage } from './eviction-message.ts'
import type { Observation } from './observations.ts'
import { rankPods } from './rank-pods.ts'
import { exceededStorage, hasStorageLimits } from './storage-limits.ts'
import { signals, type Threshold } from './thresholds.ts'

const reason = 'Evicted'
/** Seconds: as soon as can be. */
const gracePeriod = 1
/** How long the next pod waits for the last one to be gone. */
const cleanupMs = 30_000

export interface EvictorOptions {
  config: NodeConfig
  cri: CriClient
  source: KubeletServerSource
  events: PodEvents
  /** About the node itself. */
  nodeEvent(type: 'Normal' | 'Warning', reason: string, message: string): void
  /** Absent where images are not to be removed. */
  images?: ImageGc
  terminate(uid: string, request: TerminationRequest): void
  log: Logger
}

/** Chooses the pods that have to go, and ends them. */
export class Evictor {
  private readonly options: EvictorOptions
  private readonly statistics: NodeStatistics
  private leaving: { uid: string; until: number } | undefined

  constructor(options: EvictorOptions) {
    this.options = options
    this.statistics = new NodeStatistics(options)
  }

  /** Makes room: unused images go first where it is about the disk, then one pod. `isEnough`: look again. */
  async relieve(threshold: Threshold, seen: Observation, isEnough: () => Promise<boolean>): Promise<void> {
    const { nodeEvent, images, log } = this.options
    const { resource, condition } = signals[threshold.signal]
    nodeEvent('Warning', 'EvictionThresholdMet', `Attempting to reclaim ${resource}`)
    if (condition === 'disk' && images) {
      await images.removeUnused()
      if (await isEnough()) return
    }
    if (this.isSomebodyLeaving()) return
    const stats = await this.stats()
    const statsOf = ({ metadata }: NodePod): PodStats | undefined => stats.get(metadata.uid)
    const [chosen] = rankPods(this.candidates(), statsOf, threshold.signal)
    if (!chosen) {
      log.warn('no pod can be evicted', { resource })
      return
    }
    this.evict(chosen, evictionMessage(chosen, statsOf(chosen), threshold, seen), true)
  }

  /** Ends pods that have written more than they may. @returns whether there were any */
  async enforceStorageLimits(): Promise<boolean> {
    const candidates = this.candidates().filter(hasStorageLimits)
    if (candidates.length === 0) return false
    const stats = await this.stats()
    let found = false
    for (const pod of candidates) {
      const own = stats.get(pod.metadata.uid)
      const problem = own && exceededStorage(pod, own)
      if (!problem) continue
      this.evict(pod, problem, false)
      found = true
    }
    return found
  }

  private candidates(): NodePod[] {
    const { source } = this.options
    return source.pods().filter((pod) => {
      if (isCriticalPod(pod) || pod.metadata.deletionTimestamp) return false
      const status = source.status(pod.metadata.uid)
      return status?.reason !== reason && isRunning(status)
    })
  }

  private async stats(): Promise<Map<string, PodStats>> {
    const { sample, summary } = await this.statistics.summary()
    const { pods } = await completeSummary(this.options, sample, summary)
    return new Map(pods.map((stats) => [stats.podRef.uid, stats]))
  }

  private isSomebodyLeaving(): boolean {
    if (!this.leaving) return false
    const { uid, until } = this.leaving
    return Date.now() < until && isRunning(this.options.source.status(uid))
  }

  private evict(pod: NodePod, message: string, isDisruption: boolean): void {
    const { events, terminate, log } = this.options
    const { uid } = pod.metadata
    log.warn('evicting a pod', { pod: describePod(pod), message })
    events.pod(pod, 'Warning', reason, message)
    this.leaving = { uid, until: Date.now() + cleanupMs }
    const now = toTime(Date.now())
    terminate(uid, {
      gracePeriod,
      changeStatus: (status) => {
        status.phase = 'Failed'
        status.reason = reason
        status.message = message
        if (!isDisruption) return
        const condition = {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'TerminationByKubelet',
          message,
          ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
        }
        status.conditions = withCondition(status.conditions, condition, now)
      },
    })
  }
}

function isRunning(status: PodStatus | undefined): boolean {
  const { containerStatuses = [], initContainerStatuses = [] } = status ?? {}
  return [...containerStatuses, ...initContainerStatuses].some(({ state }) => state?.running)
}
