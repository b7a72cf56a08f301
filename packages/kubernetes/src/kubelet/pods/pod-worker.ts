import { deepEqual } from '../../api/json.ts'
import type { PodStatus } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import type { Logger } from '../../log.ts'
import type { PodRecord } from '../containers/pod-record.ts'
import type { EndedContainers } from '../containers/read-pod-record.ts'
import { describePod, type NodePod } from './node-pod.ts'

/** How far a pod has come: worked towards its spec, being ended, ended, and nothing left of it but its status. */
export type PodStage = 'syncing' | 'terminating' | 'terminated' | 'finished'

/** What a step wants to happen next. */
export interface StepResult {
  /** The stage is done: go on to the next. */
  advance?: boolean
  /** The runtime's state is not what it was. */
  changed?: boolean
  /** Step again at this time (milliseconds since the epoch), whatever happens until then. */
  again?: number
}

/** The work itself, one step at a time and never two for the same pod. A step that throws is tried again after a while. */
export interface PodSteps {
  read(pod: NodePod, ended: EndedContainers): Promise<PodRecord>
  sync(worker: PodWorker, signal: AbortSignal): Promise<StepResult>
  terminate(worker: PodWorker, gracePeriod: number, signal: AbortSignal): Promise<StepResult>
  cleanUp(worker: PodWorker, signal: AbortSignal): Promise<StepResult>
  /** Nothing is left to do: the pod may be forgotten once the API has. */
  finish(worker: PodWorker): void
}

export interface TerminationRequest {
  /** Seconds; by default what the pod says. Shorter ones win. */
  gracePeriod?: number
  /** Changes the status that the pod ends with (eviction, deadline). */
  changeStatus?: (status: PodStatus) => void
}

const firstRetryMs = 500
const longestRetryMs = 10_000
/** An event of an end may be faster than the runtime's own books: how long to wait for these. */
const settleMs = 5
const settleAttempts = 9

/**
 * Owns one pod: the latest spec, what the runtime has of it, and the loop that brings them together. It sleeps until
 * somebody calls `update`, `runtimeChanged`, `wake` or `terminate`, or until a time that a step asked for.
 */
export class PodWorker {
  pod: NodePod
  stage: PodStage = 'syncing'
  changeStatus: ((status: PodStatus) => void) | undefined
  /** Gone from its source (deleted from the API by force, file removed). */
  removed = false
  private readonly steps: PodSteps
  private readonly log: Logger
  private readonly ended: EndedContainers = new Map()
  private readonly expectedEnds = new Set<string>()
  private known: PodRecord | undefined
  private stale = true
  private pending = true
  private failures = 0
  private grace: number | undefined
  private timer: NodeJS.Timeout | undefined
  private running: AbortController | undefined
  private wakeUp: (() => void) | undefined
  private stopped = false
  private readonly idle: Promise<void>

  /** `after`: work begins when that has ended (an older pod of the same name). */
  constructor(pod: NodePod, steps: PodSteps, log: Logger, after?: Promise<void>) {
    this.pod = pod
    this.steps = steps
    this.log = log
    this.idle = this.loop(after)
  }

  get uid(): string {
    return this.pod.metadata.uid
  }

  /** What the runtime had when last asked. */
  get record(): PodRecord | undefined {
    return this.known
  }

  /** Resolves when the loop has ended. */
  get done(): Promise<void> {
    return this.idle
  }

  /** A status that comes back is no work: what failed waits for its time, however often its message changes. */
  update(pod: NodePod): void {
    const before = this.pod
    this.pod = pod
    if (pod.metadata.deletionTimestamp) this.terminate({})
    else if (hasWork(before, pod)) this.wake()
  }

  /** `endedId`: a container or sandbox of the pod that has ended. */
  runtimeChanged(endedId?: string): void {
    if (endedId) this.expectedEnds.add(endedId)
    this.stale = true
    this.wake()
  }

  /** A step knows that it has changed the runtime's state, and goes on itself. */
  async reread(): Promise<PodRecord> {
    this.stale = true
    await this.refresh()
    return this.known!
  }

  wake(): void {
    this.pending = true
    this.wakeUp?.()
  }

  terminate({ gracePeriod, changeStatus }: TerminationRequest): void {
    if (changeStatus) this.changeStatus ??= changeStatus
    const wanted = Math.max(
      1,
      gracePeriod ??
        this.pod.metadata.deletionGracePeriodSeconds ??
        this.pod.spec.terminationGracePeriodSeconds ??
        1,
    )
    const shorter = this.grace !== undefined && wanted < this.grace
    this.grace = this.grace === undefined ? wanted : Math.min(this.grace, wanted)
    if (this.stage === 'syncing') {
      this.stage = 'terminating'
      this.running?.abort()
    } else if (this.stage === 'terminating' && shorter) {
      this.running?.abort()
    }
    this.wake()
  }

  /** Ends the loop and leaves the pod as it is. */
  stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    this.running?.abort()
    this.wakeUp?.()
    return this.idle
  }

  private async loop(after: Promise<void> | undefined): Promise<void> {
    await after
    while (!this.stopped && this.stage !== 'finished') {
      if (!this.pending) await new Promise<void>((resolve) => (this.wakeUp = resolve))
      if (this.stopped) return
      this.pending = false
      clearTimeout(this.timer)
      const running = new AbortController()
      this.running = running
      try {
        await this.refresh()
        const { stage } = this
        const result = await this.step(running.signal)
        this.failures = 0
        this.apply(result, stage)
      } catch (error) {
        if (!running.signal.aborted && !this.stopped) this.failed(error as Error)
        this.stale = true
      } finally {
        this.running = undefined
      }
    }
  }

  private step(signal: AbortSignal): Promise<StepResult> {
    if (this.stage === 'syncing') return this.steps.sync(this, signal)
    if (this.stage === 'terminating') return this.steps.terminate(this, this.grace ?? 1, signal)
    return this.steps.cleanUp(this, signal)
  }

  /** `stage` is that of the step: a request to end the pod may have come meanwhile. */
  private apply({ advance, changed, again }: StepResult, stage: PodStage): void {
    if (changed) this.stale = true
    if (advance && stage === this.stage) this.advance()
    else if (again !== undefined) this.schedule(again - Date.now())
    if (advance || (changed && again === undefined)) this.pending = true
  }

  private advance(): void {
    if (this.stage === 'syncing') {
      this.grace ??= 1
      this.stage = 'terminating'
    } else if (this.stage === 'terminating') {
      this.stage = 'terminated'
    } else {
      this.stage = 'finished'
      this.steps.finish(this)
    }
  }

  private failed(error: Error): void {
    const wait = Math.min(longestRetryMs, firstRetryMs * 2 ** this.failures++)
    this.log.warn('pod not synced', { pod: describePod(this.pod), stage: this.stage, retryMs: wait, error })
    this.schedule(wait)
  }

  private schedule(ms: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.wake(), Math.max(0, Math.min(ms, 2 ** 31 - 1)))
  }

  /** Reads the runtime's state when it may have changed; again, shortly after, while it does not yet show a known end. */
  private async refresh(): Promise<void> {
    for (let attempt = 0; this.stale || !this.known; attempt++) {
      this.stale = false
      try {
        this.known = await this.steps.read(this.pod, this.ended)
      } catch (error) {
        this.stale = true
        throw error
      }
      if (attempt >= settleAttempts) this.expectedEnds.clear()
      if (!this.isBehind(this.known)) return
      await new Promise((resolve) => setTimeout(resolve, settleMs * 2 ** attempt))
      this.stale = true
    }
  }

  private isBehind(record: PodRecord): boolean {
    const alive = new Set([
      ...record.containers.filter(({ state }) => state === 'running').map(({ id }) => id),
      ...record.sandboxes.filter(({ ready }) => ready).map(({ id }) => id),
    ])
    for (const id of this.expectedEnds) if (!alive.has(id)) this.expectedEnds.delete(id)
    return this.expectedEnds.size > 0
  }
}

/** Whether something else has changed than what the node itself says of the pod. */
function hasWork(before: NodePod, now: NodePod): boolean {
  const asked = ({ metadata, spec, status }: NodePod): unknown => [
    metadata.generation,
    metadata.labels,
    metadata.annotations,
    spec,
    spec.readinessGates?.map(({ conditionType }) => findCondition(status?.conditions, conditionType)?.status),
  ]
  return !deepEqual(asked(before), asked(now))
}
