import type { Pod } from '../api/types/core-v1.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event-recorder.ts'
import type { Logger } from '../log.ts'
import type { ClusterState } from './cluster/cluster-state.ts'
import type { NodeInfo } from './cluster/node-info.ts'
import type { PodInfo } from './cluster/pod-info.ts'
import { bind } from './cycle/bind.ts'
import { Cycle } from './cycle/cycle.ts'
import { Diagnosis } from './cycle/diagnosis.ts'
import { NodeFinder } from './cycle/find-node.ts'
import type { Nominations } from './cycle/nominations.ts'
import { type Verdict, writeVerdict } from './cycle/pod-status.ts'
import type { Plugin } from './plugins/plugin.ts'
import type { Preemption } from './preemption/preemption.ts'
import type { QueuedPod, SchedulingQueue } from './queue/scheduling-queue.ts'

export interface SchedulerOptions {
  plugins: readonly Plugin[]
  cluster: ClusterState
  queue: SchedulingQueue
  nominations: Nominations
  preemption: Preemption
  client: Client
  recorder: EventRecorder
  log: Logger
  now: () => number
}

/** Longer than this at a stretch, and the rest of the process gets its turn. */
const stretchMs = 5
/** Events hold no longer notes. */
const longestNote = 1024

/**
 * Takes pods from the queue, one after the other, and decides each without a pause; bindings are written meanwhile.
 */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #finder: NodeFinder
  /** Bindings under way, by pod key. */
  readonly #binding = new Map<string, AbortController>()
  readonly #writing = new Set<Promise<void>>()
  #stopped = false

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#finder = new NodeFinder(options.cluster, options.plugins)
  }

  /** Schedules what is in the queue. */
  run = (): void => {
    const began = performance.now()
    while (!this.#stopped) {
      if (performance.now() - began > stretchMs) {
        setImmediate(this.run)
        return
      }
      const queued = this.#options.queue.pop()
      if (!queued) return
      this.#schedule(queued)
    }
  }

  /** The pod is gone: what is being done for it is given up. */
  abandon(key: string): void {
    this.#binding.get(key)?.abort()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#options.queue.close()
    for (const binding of this.#binding.values()) binding.abort()
    await Promise.all(this.#writing)
  }

  #schedule(queued: QueuedPod): void {
    const { queue, cluster, plugins, nominations } = this.#options
    const { info } = queued
    if (info.pod.metadata.deletionTimestamp || cluster.isAssumed(info.key)) {
      queue.done(queued)
      return
    }
    try {
      if (cluster.nodes.length === 0) {
        const everything = new Set(plugins.map(({ name }) => name))
        this.#fail(queued, 'no nodes available to schedule pods', everything)
        return
      }
      const cycle = new Cycle(info, plugins, nominations)
      const promised = nominations.nodeOf(info.key) ?? info.pod.status?.nominatedNodeName
      const found = this.#finder.find(cycle, promised)
      if (found instanceof Diagnosis) this.#unschedulable(queued, cycle, found)
      else this.#assign(queued, cycle, found)
    } catch (error) {
      this.#broke(queued, error)
    }
  }

  #assign(queued: QueuedPod, cycle: Cycle, node: NodeInfo): void {
    const { queue, cluster, nominations, recorder, client } = this.#options
    const { info } = queued
    const reservations = cycle.reservations(node)
    cluster.assume(info, node.name)
    nominations.delete(info.key)
    const binding = new AbortController()
    this.#binding.set(info.key, binding)
    const bound = bind(client, info, node.name, reservations, binding.signal).then(
      () => {
        queue.done(queued)
        const { namespace, name } = info.pod.metadata
        recorder.event(
          about(info.pod),
          'Normal',
          'Scheduled',
          `Successfully assigned ${namespace}/${name} to ${node.name}`,
        )
      },
      (error: unknown) => {
        for (const { claim } of reservations) claim.release()
        cluster.forget(info)
        // Its room is free again.
        queue.notify({ kind: 'AssignedPod', old: { ...info.pod, spec: withNode(info.pod, node.name) } })
        if (binding.signal.aborted) queue.done(queued)
        else this.#broke(queued, error)
      },
    )
    this.#track(bound.finally(() => this.#binding.delete(info.key)))
  }

  #unschedulable(queued: QueuedPod, cycle: Cycle, diagnosis: Diagnosis): void {
    const { nominations, preemption } = this.#options
    const { nominated, message, unchanged } = preemption.run(cycle, diagnosis)
    if (message) diagnosis.preemption = message
    if (nominated === undefined) nominations.delete(queued.key)
    else nominations.set(queued.info, nominated)
    this.#fail(queued, diagnosis.message, diagnosis.plugins, unchanged ? undefined : (nominated ?? ''))
  }

  #fail(queued: QueuedPod, message: string, rejectedBy: Set<string>, nominatedNodeName?: string): void {
    if (!this.#options.queue.retry(queued, rejectedBy)) return
    this.#report(queued.info, {
      reason: 'Unschedulable',
      message,
      ...(nominatedNodeName !== undefined && { nominatedNodeName }),
    })
  }

  #broke(queued: QueuedPod, error: unknown): void {
    const { log, queue, nominations } = this.#options
    if (!queue.retry(queued, new Set())) return
    log.warn('scheduling failed', { pod: queued.key, error })
    nominations.delete(queued.key)
    const message = error instanceof Error ? error.message : String(error)
    this.#report(queued.info, { reason: 'SchedulerError', message, nominatedNodeName: '' })
  }

  #report({ pod, key }: PodInfo, verdict: Verdict): void {
    const { client, recorder, log, now } = this.#options
    const { message } = verdict
    const note = message.length <= longestNote ? message : `${message.slice(0, longestNote - 4)} ...`
    recorder.event(about(pod), 'Warning', 'FailedScheduling', note)
    this.#track(
      writeVerdict(client, pod, verdict, now()).catch((error: unknown) => {
        log.warn('pod status not written', { pod: key, error })
      }),
    )
  }

  #track(work: Promise<void>): void {
    this.#writing.add(work)
    void work.finally(() => this.#writing.delete(work))
  }
}

/** Objects of a cache need not say what they are. */
function about({ metadata }: Pod) {
  return { apiVersion: 'v1', kind: 'Pod', metadata }
}

function withNode(pod: Pod, nodeName: string): NonNullable<Pod['spec']> {
  return { containers: [], ...pod.spec, nodeName }
}
