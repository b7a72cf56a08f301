import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import { toTime } from '../../api/time.ts'
import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { findCondition } from '../../client/conditions.ts'
import { createWorkQueue } from '../../client/create-work-queue.ts'
import { pods } from '../../client/resources.ts'
import type { WorkQueue } from '../../client/work-queue.ts'
import type { Logger } from '../../log.ts'
import { allContainers, isMirrorPod, isStaticPod, type NodePod } from '../pods/node-pod.ts'
import { restartsAfter } from '../pods/restart-policy.ts'
import { statusPatch } from './status-patch.ts'

/** Bytes that all termination messages of a pod share. */
const messageBudget = 12 * 1024

interface Entry {
  pod: NodePod
  status: PodStatus
  /** All of the pod's resources have been given back: it may be deleted from the API. */
  finished: boolean
}

export interface StatusManagerOptions {
  /** Absent on a node without a control plane. */
  client: Client | undefined
  log: Logger
  /** The API's own picture of a pod: of its mirror, if it is static. */
  apiPod(uid: string): Pod | undefined
  /** Whether containers of the pod may still be running. */
  couldBeRunning(uid: string): boolean
}

/** Keeps the statuses that this node's pods have and tells the API server what has changed. */
export class StatusManager {
  private readonly options: StatusManagerOptions
  private readonly entries = new Map<string, Entry>()
  /** What the API server answered last, which may be newer than what the watch has brought. */
  private readonly answered = new Map<string, Pod>()
  private readonly queue: WorkQueue
  private readonly listeners = new Set<(uid: string) => void>()

  constructor(options: StatusManagerOptions) {
    this.options = options
    this.queue = createWorkQueue({
      name: 'pod-status',
      workers: 10,
      maxBackoffMs: 10_000,
      reconcile: (uid) => this.send(uid),
      onError: (uid, error) => {
        if (!isReason(error, 'ServiceUnavailable')) options.log.warn('status not written', { uid, error })
      },
    })
  }

  get(uid: string): PodStatus | undefined {
    return this.entries.get(uid)?.status
  }

  /** Takes a status just generated; returns it as it is kept. */
  set(pod: NodePod, status: PodStatus): PodStatus {
    return this.update(pod, status, pod.metadata.deletionTimestamp !== undefined, false)
  }

  /** The pod has ended and left nothing on the node: the last word about it. */
  terminate(pod: NodePod): void {
    const status = structuredClone(this.get(pod.metadata.uid) ?? pod.status ?? {})
    if (hasInitialized(pod, status)) for (const one of status.containerStatuses ?? []) markGone(one)
    for (const one of begun(status.initContainerStatuses ?? [])) markGone(one)
    if (!isStaticPod(pod) && status.phase !== 'Succeeded') status.phase = 'Failed'
    this.update(pod, status, true, true)
  }

  forget(uid: string): void {
    this.entries.delete(uid)
    this.answered.delete(uid)
    this.tell(uid)
  }

  /** Calls back whenever `get` of a pod would return something else. Returns how to end that. */
  onChange(listener: (uid: string) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private tell(uid: string): void {
    for (const listener of this.listeners) listener(uid)
  }

  /** The API's pod has changed: somebody may have overwritten what we said, or asked for its deletion. */
  reconcile(uid: string): void {
    if (this.entries.has(uid)) this.queue.add(uid)
  }

  /** Resolves when all that was said has been sent. */
  settled(): Promise<void> {
    return this.queue.idle()
  }

  stop(): Promise<void> {
    return this.queue.stop()
  }

  private update(pod: NodePod, next: PodStatus, force: boolean, finished: boolean): PodStatus {
    const { uid } = pod.metadata
    const known = this.entries.get(uid)
    const old = known?.status ?? this.options.apiPod(uid)?.status ?? pod.status ?? {}
    const illegal = illegalTransition(pod, old, next)
    if (illegal) {
      this.options.log.error('status update aborted', { uid, error: new Error(illegal) })
      return old
    }
    const status = finish(pod, old, next)
    if (known && deepEqual(known.status, status) && known.finished === finished && !force) return known.status
    this.entries.set(uid, { pod, status, finished: finished || (known?.finished ?? false) })
    this.tell(uid)
    this.queue.add(uid)
    return status
  }

  private async send(uid: string): Promise<void> {
    const { client, apiPod, couldBeRunning } = this.options
    const entry = this.entries.get(uid)
    if (!client || !entry) return
    const current = newest(apiPod(uid), this.answered.get(uid))
    if (!current) return
    const { name, namespace, uid: apiUid } = current.metadata
    const wanted = merged(entry.status, current.status ?? {}, couldBeRunning(uid))
    const patch = statusPatch(apiUid ?? '', current.status ?? {}, wanted)
    try {
      let after = current
      if (patch) {
        after = await client.patch<Pod>(pods, namespace, name ?? '', 'strategic', patch, {
          subresource: 'status',
        })
        this.answered.set(uid, after)
      }
      if (this.mayDelete(after, entry)) {
        await client.delete(pods, namespace, name ?? '', {
          gracePeriodSeconds: 0,
          preconditions: { uid: apiUid ?? '' },
        })
        this.forget(uid)
      }
    } catch (error) {
      // Deleted, or another pod by that name: nobody wants to hear of this one any more.
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    }
  }

  private mayDelete(pod: Pod, entry: Entry): boolean {
    const phase = pod.status?.phase
    return (
      entry.finished &&
      pod.metadata.deletionTimestamp !== undefined &&
      !isMirrorPod(pod) &&
      (phase === 'Failed' || phase === 'Succeeded')
    )
  }
}

function newest(seen: Pod | undefined, answered: Pod | undefined): Pod | undefined {
  if (!seen || !answered || seen.metadata.uid !== answered.metadata.uid) return seen
  return Number(answered.metadata.resourceVersion) > Number(seen.metadata.resourceVersion) ? answered : seen
}

/** A phase does not become final in the API while something of the pod still runs. */
function merged(ours: PodStatus, theirs: PodStatus, running: boolean): PodStatus {
  const final = (phase: string | undefined): boolean => phase === 'Failed' || phase === 'Succeeded'
  const status = { ...ours }
  if (!final(theirs.phase) && final(ours.phase) && running) {
    if (theirs.phase) status.phase = theirs.phase
    delete status.reason
    delete status.message
    if (theirs.reason) status.reason = theirs.reason
    if (theirs.message) status.message = theirs.message
  }
  if (!final(status.phase)) return status
  const reason = status.phase === 'Failed' ? 'PodFailed' : 'PodCompleted'
  status.conditions = (status.conditions ?? []).map((one) =>
    (one.type === 'Ready' || one.type === 'ContainersReady') && one.status === 'True'
      ? { ...one, status: 'False', reason, lastTransitionTime: toTime(Date.now()) }
      : one,
  )
  return status
}

/** Times of conditions, the start time, messages cut to what there is room for. */
function finish(pod: NodePod, old: PodStatus, next: PodStatus): PodStatus {
  const now = toTime(Date.now())
  const status: PodStatus = {
    ...next,
    startTime: old.startTime ?? next.startTime ?? now,
    observedGeneration: Math.max(old.observedGeneration ?? 0, next.observedGeneration ?? 0),
    conditions: (next.conditions ?? []).map((one): PodCondition => {
      const before = findCondition(old.conditions, one.type)
      const since = before && before.status === one.status ? before.lastTransitionTime : undefined
      return { ...one, lastTransitionTime: since ?? one.lastTransitionTime ?? now }
    }),
  }
  const containers = allContainers(pod.spec).length
  const room = containers > 0 ? Math.floor(messageBudget / containers) : messageBudget
  for (const list of [
    status.containerStatuses,
    status.initContainerStatuses,
    status.ephemeralContainerStatuses,
  ]) {
    for (const { state, lastState } of list ?? []) {
      for (const ended of [state?.terminated, lastState?.terminated]) {
        if (ended?.message && ended.message.length > room) ended.message = ended.message.slice(0, room)
      }
    }
  }
  return status
}

/** What ended for good does not come back. */
function illegalTransition(pod: NodePod, old: PodStatus, next: PodStatus): string | undefined {
  const { spec } = pod
  if (spec.restartPolicy === 'Always') return undefined
  const lists = [
    [spec.containers, old.containerStatuses, next.containerStatuses],
    [spec.initContainers ?? [], old.initContainerStatuses, next.initContainerStatuses],
  ] as const
  for (const [containers, before, after] of lists) {
    for (const { name, state } of before ?? []) {
      const container = containers.find((one) => one.name === name)
      if (!state?.terminated || !container || container.restartPolicy === 'Always') continue
      if (restartsAfter(container, spec, state.terminated.exitCode)) continue
      const now = after?.find((one) => one.name === name)
      if (now && !now.state?.terminated) {
        return `terminated container ${name} attempted illegal transition to non-terminated state`
      }
    }
  }
  return undefined
}

function markGone(status: ContainerStatus): void {
  if (status.state?.terminated) return
  status.state = {
    terminated: {
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was terminated',
      exitCode: 137,
    },
  }
}

function hasInitialized(pod: NodePod, status: PodStatus): boolean {
  const init = pod.spec.initContainers ?? []
  if (init.length === 0) return true
  const main = status.containerStatuses ?? []
  if (main.some(({ state, lastState }) => lastState?.terminated || !state?.waiting)) return true
  const last = status.initContainerStatuses?.at(-1)
  if (!last) return false
  if (init.at(-1)?.restartPolicy === 'Always')
    return last.state?.running !== undefined && last.started === true
  return (last.state?.terminated ?? last.lastState?.terminated)?.exitCode === 0
}

/** Init containers up to the last that did anything; at least the first. */
function begun(statuses: ContainerStatus[]): ContainerStatus[] {
  for (let index = statuses.length - 1; index > 0; index--) {
    const { state, lastState } = statuses[index]!
    if (!state?.waiting || lastState?.terminated) return statuses.slice(0, index + 1)
  }
  return statuses.slice(0, 1)
}
