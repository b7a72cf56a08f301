import { deepEqual } from '../../api/json.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { keyOf } from '../../client/informer.ts'
import { type PodInfo, podInfoOf } from '../cluster/pod-info.ts'
import type { Plugin } from '../plugins/plugin.ts'
import type { ClusterEvent } from './cluster-event.ts'
import { PodHeap } from './pod-heap.ts'

const firstBackoffMs = 1_000
const longestBackoffMs = 10_000
/** A pod is tried again after this long even if nothing happened that should help. */
const longestWaitMs = 5 * 60_000

/** A pod that waits for a node, with what happened so far. */
export interface QueuedPod {
  info: PodInfo
  readonly key: string
  /** When it came to its present place in line; earlier ones go first. */
  since: number
  attempts: number
  /** Plugins that rejected it last time. */
  rejectedBy: ReadonlySet<string>
  /** Last time it was not that it did not fit: something broke. */
  failed: boolean
  /** Not to be tried before. */
  notBefore: number
}

export interface SchedulingQueueOptions {
  plugins: readonly Plugin[]
  now: () => number
  /** Called (never within a call to the queue's methods) when there is a pod to pop. */
  onReady: () => void
}

/**
 * Pods that wait for a node: those to be tried now, by priority and age; those that backed off and become ready by time;
 * and those that wait until something happens that the plugins which rejected them say could help.
 */
export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions
  readonly #active = new PodHeap<QueuedPod>(goesFirst)
  readonly #backingOff = new PodHeap<QueuedPod>((a, b) => a.notBefore < b.notBefore)
  /** In the order of `since`. */
  readonly #waiting = new Map<string, QueuedPod>()
  /** Kept out by a plugin. */
  readonly #gated = new Map<string, QueuedPod>()
  /** Being scheduled at this moment. */
  readonly #inFlight = new Map<string, QueuedPod>()
  #timer: NodeJS.Timeout | undefined
  #announced = false
  #closed = false

  constructor(options: SchedulingQueueOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#active.size + this.#backingOff.size + this.#waiting.size + this.#gated.size
  }

  /** A new pod, or a new version of one that waits. */
  update(pod: Pod, old?: Pod): void {
    const key = keyOf(pod)
    const known = this.#find(key)
    if (known && known.info.pod.metadata.uid === pod.metadata.uid) {
      this.#changed(known, pod, old)
      return
    }
    if (known) this.delete(key)
    this.#enqueue({
      info: podInfoOf(pod),
      key,
      since: this.#options.now(),
      attempts: 0,
      rejectedBy: new Set(),
      failed: false,
      notBefore: 0,
    })
  }

  delete(key: string): void {
    this.#active.delete(key)
    this.#backingOff.delete(key)
    this.#waiting.delete(key)
    this.#gated.delete(key)
    this.#inFlight.delete(key)
  }

  /** The next pod to try, which counts as in flight until {@link done} or {@link retry}. */
  pop(): QueuedPod | undefined {
    const queued = this.#active.pop() ?? this.#popEarly()
    if (!queued) return undefined
    queued.attempts++
    this.#inFlight.set(queued.key, queued)
    return queued
  }

  /** It has found its node. */
  done({ key }: QueuedPod): void {
    this.#inFlight.delete(key)
  }

  /**
   * It has not: it waits for an event that helps against `rejectedBy`, or, when something broke, for its back-off.
   * Returns whether it does: not for a pod that meanwhile was deleted or has a node.
   */
  retry(queued: QueuedPod, rejectedBy: ReadonlySet<string>): boolean {
    if (this.#inFlight.get(queued.key) !== queued) return false
    this.#inFlight.delete(queued.key)
    const now = this.#options.now()
    queued.rejectedBy = rejectedBy
    queued.failed = rejectedBy.size === 0
    queued.since = now
    queued.notBefore = now + Math.min(firstBackoffMs * 2 ** (queued.attempts - 1), longestBackoffMs)
    if (queued.failed) this.#ready(queued)
    else {
      this.#waiting.set(queued.key, queued)
      this.#schedule()
    }
    return true
  }

  /** Tries again what the event may help. */
  notify(event: ClusterEvent): void {
    for (const queued of [...this.#waiting.values(), ...this.#gated.values()]) {
      if (this.#helps(event, queued)) this.#leave(queued)
    }
  }

  /** Puts a waiting pod in line at once, whatever it waits for. */
  activate(key: string): void {
    const queued = this.#waiting.get(key) ?? this.#backingOff.get(key)
    if (!queued) return
    this.#waiting.delete(key)
    this.#backingOff.delete(key)
    this.#active.push(queued)
    this.#announce()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #find(key: string): QueuedPod | undefined {
    const inLine = this.#active.get(key) ?? this.#backingOff.get(key)
    return inLine ?? this.#waiting.get(key) ?? this.#gated.get(key) ?? this.#inFlight.get(key)
  }

  #changed(queued: QueuedPod, pod: Pod, old: Pod | undefined): void {
    queued.info = podInfoOf(pod)
    if (this.#active.get(queued.key)) this.#active.push(queued)
    if (!this.#waiting.has(queued.key) && !this.#gated.has(queued.key)) return
    // What we write into its status ourselves is no reason to try again.
    if (old && deepEqual(old.spec, pod.spec) && deepEqual(old.metadata.labels, pod.metadata.labels)) return
    if (this.#helps({ kind: 'PendingPod', current: pod, ...(old && { old }) }, queued)) this.#leave(queued)
  }

  #helps(event: ClusterEvent, { rejectedBy, info }: QueuedPod): boolean {
    return this.#options.plugins.some((plugin) => rejectedBy.has(plugin.name) && plugin.helps(event, info))
  }

  #leave(queued: QueuedPod): void {
    if (this.#waiting.delete(queued.key)) this.#ready(queued)
    else if (this.#gated.delete(queued.key)) this.#enqueue(queued)
  }

  /** Into line, unless a plugin keeps it out. */
  #enqueue(queued: QueuedPod): void {
    for (const plugin of this.#options.plugins) {
      const rejection = plugin.gate?.(queued.info)
      if (!rejection) continue
      queued.rejectedBy = new Set([rejection.plugin])
      this.#gated.set(queued.key, queued)
      return
    }
    this.#ready(queued)
  }

  #ready(queued: QueuedPod): void {
    if (queued.notBefore <= this.#options.now()) {
      this.#active.push(queued)
    } else {
      this.#backingOff.push(queued)
      this.#schedule()
    }
    this.#announce()
  }

  /** With nothing else to do, the back-off of a pod that may fit now is not worth keeping. */
  #popEarly(): QueuedPod | undefined {
    const first = this.#backingOff.peek()
    return first && !first.failed ? this.#backingOff.pop() : undefined
  }

  #announce(): void {
    if (this.#announced || this.#closed) return
    this.#announced = true
    setImmediate(() => {
      this.#announced = false
      if (!this.#closed) this.#options.onReady()
    })
  }

  /** One timer for the next thing that happens by time alone. */
  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#closed) return
    const oldest = this.#waiting.values().next().value
    const due = Math.min(
      this.#backingOff.peek()?.notBefore ?? Number.POSITIVE_INFINITY,
      oldest ? oldest.since + longestWaitMs : Number.POSITIVE_INFINITY,
    )
    if (due === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(() => this.#flush(), Math.max(due - this.#options.now(), 0))
    this.#timer.unref()
  }

  #flush(): void {
    const now = this.#options.now()
    for (let next = this.#backingOff.peek(); next && next.notBefore <= now; next = this.#backingOff.peek()) {
      this.#backingOff.pop()
      this.#active.push(next)
    }
    for (const queued of this.#waiting.values()) {
      if (queued.since + longestWaitMs > now) break
      this.#waiting.delete(queued.key)
      this.#active.push(queued)
    }
    if (this.#active.size > 0) this.#announce()
    this.#schedule()
  }
}

function goesFirst(left: QueuedPod, right: QueuedPod): boolean {
  const difference = left.info.priority - right.info.priority
  return difference !== 0 ? difference > 0 : left.since < right.since
}
