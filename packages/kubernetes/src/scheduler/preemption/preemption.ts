import { isReason } from '../../api/api-error.ts'
import { toTime } from '../../api/time.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { PodDisruptionBudget } from '../../api/types/policy-v1.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/event-recorder.ts'
import type { Informer } from '../../client/informer.ts'
import { pods } from '../../client/resources.ts'
import type { Logger } from '../../log.ts'
import type { ClusterState } from '../cluster/cluster-state.ts'
import type { PodInfo } from '../cluster/pod-info.ts'
import type { Cycle } from '../cycle/cycle.ts'
import { Diagnosis } from '../cycle/diagnosis.ts'
import type { Nominations } from '../cycle/nominations.ts'
import { chooseNode } from './choose-node.ts'
import { isVictims, selectVictims, type Victims } from './victims.ts'

export interface PreemptionOptions {
  cluster: ClusterState
  nominations: Nominations
  budgets: Informer<PodDisruptionBudget>
  client: Client
  recorder: EventRecorder
  log: Logger
  now: () => number
  /** The victims could not be asked to leave: the pod should be tried again. */
  onFailure: (pod: PodInfo) => void
}

/** What came of it: the node that is promised to the pod, or `undefined` to take an earlier promise back. */
export interface PreemptionResult {
  readonly nominated: string | undefined
  /** Shown after `preemption: `; empty when room is being made. */
  readonly message: string
  /** An earlier promise stands as it is. */
  readonly unchanged?: boolean
}

const name = 'DefaultPreemption'
const disruption = 'DisruptionTarget'
const byScheduler = 'PreemptionByScheduler'

/** Makes room for important pods by asking less important ones to leave, gracefully. */
export class Preemption {
  readonly #options: PreemptionOptions
  /** Uids of pods that were asked to leave and that the cache still shows as if nothing had happened. */
  readonly #evicting = new Set<string>()

  constructor(options: PreemptionOptions) {
    this.#options = options
  }

  run(cycle: Cycle, diagnosis: Diagnosis): PreemptionResult {
    const { cluster, budgets, nominations } = this.#options
    const refusal = this.#whyNot(cycle.pod, diagnosis)
    if (refusal) return { nominated: nominations.nodeOf(cycle.pod.key), message: refusal, unchanged: true }
    const outcome = new Diagnosis(cluster.nodes.length)
    outcome.rejectRest({
      plugin: name,
      reasons: ['Preemption is not helpful for scheduling'],
      resolvable: false,
    })
    const candidates: Victims[] = []
    for (const node of cluster.nodes) {
      if (!diagnosis.of(node.name)?.resolvable) continue
      const result = selectVictims(cycle, node, budgets.list())
      if (isVictims(result)) candidates.push(result)
      else outcome.reject(node.name, result)
    }
    const chosen = chooseNode(candidates)
    if (!chosen) return { nominated: undefined, message: outcome.message }
    void this.#evict(cycle.pod, chosen)
    return { nominated: chosen.node.name, message: '' }
  }

  #whyNot({ pod, priority, key }: PodInfo, diagnosis: Diagnosis): string | undefined {
    if (pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
    const promised = this.#options.nominations.nodeOf(key)
    const node = promised === undefined ? undefined : this.#options.cluster.node(promised)
    if (!node || diagnosis.of(node.name)?.resolvable === false) return undefined
    const leaving = [...node.pods].some((other) => other.priority < priority && this.#isLeaving(other.pod))
    return leaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined
  }

  #isLeaving({ metadata, status }: Pod): boolean {
    if (this.#evicting.has(metadata.uid ?? '')) return true
    if (!metadata.deletionTimestamp) return false
    const condition = status?.conditions?.find(({ type }) => type === disruption)
    return condition?.status === 'True' && condition.reason === byScheduler
  }

  async #evict(preemptor: PodInfo, { node, pods: victims }: Victims): Promise<void> {
    const { nominations, log, onFailure } = this.#options
    // Less important pods that were promised this node may not fit any more: they look again.
    for (const other of nominations.on(node.name)) {
      if (other.priority < preemptor.priority) nominations.delete(other.key)
    }
    const leaving = victims.filter(({ pod }) => !pod.metadata.deletionTimestamp)
    for (const { pod } of leaving) this.#evicting.add(pod.metadata.uid ?? '')
    try {
      await Promise.all(leaving.map((victim) => this.#ask(preemptor, victim.pod, node.name)))
    } catch (error) {
      log.warn('preemption failed', { pod: preemptor.key, node: node.name, error })
      onFailure(preemptor)
    } finally {
      for (const { pod } of leaving) this.#evicting.delete(pod.metadata.uid ?? '')
    }
  }

  async #ask(preemptor: PodInfo, victim: Pod, node: string): Promise<void> {
    const { client, recorder, now } = this.#options
    const { namespace, name: victimName = '', uid } = victim.metadata
    const condition = {
      type: disruption,
      status: 'True',
      reason: byScheduler,
      message: `${preemptor.pod.spec?.schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: toTime(now()),
    }
    try {
      const patch = { metadata: { uid }, status: { conditions: [condition] } }
      await client.patch(pods, namespace, victimName, 'strategic', patch, { subresource: 'status' })
      await client.delete(pods, namespace, victimName, uid ? { preconditions: { uid } } : {})
    } catch (error) {
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
      return
    }
    const about = { apiVersion: 'v1', kind: 'Pod', metadata: victim.metadata }
    const text = `Preempted by pod ${preemptor.pod.metadata.uid} on node ${node}`
    recorder.event(about, 'Normal', 'Preempted', text)
  }
}
