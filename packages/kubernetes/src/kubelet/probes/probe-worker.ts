import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { Container, Probe } from '../../api/types/core-v1.ts'
import type { PodEvents } from '../events/pod-events.ts'
import type { NodePod } from '../pods/node-pod.ts'
import type { ProbeResult } from './probe-results.ts'
import { type ProbeOutcome, runProbe } from './run-probe.ts'

export type ProbeType = 'liveness' | 'readiness' | 'startup'

/** What a worker must know of its container to probe it. */
export interface ProbedContainer {
  id: string
  /** Milliseconds since the epoch. */
  startedAt: number
  /** Its startup probe, if any, has succeeded. */
  started: boolean
  podIP: string
}

export interface ProbeWorkerOptions {
  cri: CriClient
  events: PodEvents
  pod: NodePod
  container: Container
  type: ProbeType
  probe: Probe
  onResult(containerId: string, result: ProbeResult): void
}

const attempts = 3

/** Runs one probe of one container for as long as it runs: a timer between two runs, and none while there is nothing to ask. */
export class ProbeWorker {
  private readonly options: ProbeWorkerOptions
  private current: ProbedContainer | undefined
  private timer: NodeJS.Timeout | undefined
  private running: AbortController | undefined
  private lastResult: ProbeResult | undefined
  private inARow = 0
  /** It has found what it was for; the next container is a new matter. */
  private onHold = false

  constructor(options: ProbeWorkerOptions) {
    this.options = options
  }

  get type(): ProbeType {
    return this.options.type
  }

  /** Tells the state of the container: running, or `undefined`. */
  observe(container: ProbedContainer | undefined): void {
    if (container?.id !== this.current?.id) {
      this.cancel()
      this.onHold = false
      this.lastResult = undefined
      this.inARow = 0
    }
    this.current = container
    if (!container || !this.isWanted(container)) {
      if (!container) this.cancel()
      return
    }
    if (this.timer || this.running) return
    const initialDelay = (this.options.probe.initialDelaySeconds ?? 0) * 1000
    this.schedule(Math.max(0, container.startedAt + initialDelay - Date.now()))
  }

  stop(): void {
    this.current = undefined
    this.cancel()
  }

  private isWanted({ started }: ProbedContainer): boolean {
    return !this.onHold && (this.options.type === 'startup') !== started
  }

  private cancel(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.running?.abort()
    this.running = undefined
  }

  private schedule(ms: number): void {
    this.timer = setTimeout(() => {
      this.timer = undefined
      void this.probe()
    }, ms)
  }

  private async probe(): Promise<void> {
    const container = this.current
    if (!container || !this.isWanted(container)) return
    const began = Date.now()
    const running = new AbortController()
    this.running = running
    const outcome = await this.ask(container, running.signal)
    if (this.running !== running) return
    this.running = undefined
    if (outcome) this.judge(container.id, outcome)
    const period = (this.options.probe.periodSeconds ?? 10) * 1000
    if (this.current && this.isWanted(this.current)) this.schedule(Math.max(0, began + period - Date.now()))
  }

  /** `undefined`: it could not be asked, which changes nothing. */
  private async ask(container: ProbedContainer, signal: AbortSignal): Promise<ProbeOutcome | undefined> {
    const { cri, pod, probe, type } = this.options
    const name = `${type[0]!.toUpperCase()}${type.slice(1)}`
    let problem = ''
    for (let attempt = 0; attempt < attempts && !signal.aborted; attempt++) {
      try {
        const outcome = await runProbe({
          cri,
          probe,
          container: this.options.container,
          containerId: container.id,
          podIP: container.podIP,
          signal,
        })
        if (outcome.result === 'warning')
          this.warn('ProbeWarning', `${name} probe warning: ${outcome.output}`)
        if (outcome.result === 'failure') this.warn('Unhealthy', `${name} probe failed: ${outcome.output}`)
        return outcome
      } catch (error) {
        problem = (error as Error).message
      }
    }
    if (!signal.aborted && !pod.metadata.deletionTimestamp) {
      this.warn('Unhealthy', `${name} probe errored and resulted in unknown state: ${problem}`)
    }
    return undefined
  }

  private warn(reason: string, message: string): void {
    const { events, pod, container } = this.options
    events.container(pod, container.name, 'Warning', reason, message)
  }

  private judge(containerId: string, outcome: ProbeOutcome): void {
    const { type, probe, onResult } = this.options
    const result: ProbeResult = outcome.result === 'failure' ? 'failure' : 'success'
    this.inARow = this.lastResult === result ? this.inARow + 1 : 1
    this.lastResult = result
    const threshold = result === 'failure' ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1)
    if (this.inARow < threshold) return
    if (type === 'startup' || (type === 'liveness' && result === 'failure')) {
      this.onHold = true
      this.inARow = 0
    }
    onResult(containerId, result)
  }
}
