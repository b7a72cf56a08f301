import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { Informer } from '../../client/informer.ts'
import type { Logger } from '../../log.ts'
import type { PodRecord } from '../containers/pod-record.ts'
import type { PodEvents } from '../events/pod-events.ts'
import type { StatusManager } from '../status/status-manager.ts'
import { admit } from './admission.ts'
import type { Allocations } from './allocations.ts'
import type { MirrorPods } from './mirror-pods.ts'
import { asNodePod, describePod, isMirrorPod, isStaticPod, type NodePod } from './node-pod.ts'
import { type PodSteps, PodWorker } from './pod-worker.ts'

export interface PodManagerOptions {
  log: Logger
  events: PodEvents
  statuses: StatusManager
  mirrors: MirrorPods
  allocations: Allocations
  steps: PodSteps
  node(): Node | undefined
  /** Removes what the runtime and the disk still have of a pod that nobody knows any more. */
  forget(record: PodRecord | undefined, uid: string): Promise<void>
}

/** All pods of this node: which there are, by their sources, and the worker of each. */
export class PodManager {
  private readonly options: PodManagerOptions
  private readonly workers = new Map<string, PodWorker>()
  /** Pods that are not run here, with their reason in the status. */
  private readonly rejected = new Map<string, NodePod>()
  private readonly statics = new Map<string, NodePod>()
  /** Of static pods, by `namespace/name`. */
  private readonly mirrors = new Map<string, Pod>()
  /** Containers and sandboxes, to the pods that they are of. */
  private readonly owners = new Map<string, string>()
  /** Pods that are being cleared away. */
  private readonly leaving = new Set<Promise<void>>()
  private api: Informer<Pod> | undefined
  private stopped = false

  constructor(options: PodManagerOptions) {
    this.options = options
  }

  /** Follows the pods that the API assigns to this node. Returns when the first list has been looked at. */
  async follow(api: Informer<Pod>): Promise<void> {
    this.api = api
    await api.synced
    api.listen(({ current, old }) => {
      if (current) this.apiPod(current)
      else if (old) this.apiPodGone(old)
    })
  }

  private apiPod(pod: Pod): void {
    const known = asNodePod(pod)
    if (!known) return
    if (isMirrorPod(pod)) this.mirrorSeen(known)
    else this.put(known)
    this.options.statuses.reconcile(this.staticOf(known)?.metadata.uid ?? known.metadata.uid)
  }

  private apiPodGone(pod: Pod): void {
    const key = keyOf(pod)
    if (isMirrorPod(pod)) {
      this.mirrors.delete(key)
      const source = this.staticOf(pod)
      // Somebody deleted the picture; the pod is still there.
      if (source) this.workers.get(source.metadata.uid)?.wake()
      return
    }
    const uid = pod.metadata.uid ?? ''
    this.rejected.delete(uid)
    const worker = this.workers.get(uid)
    if (!worker) {
      this.options.statuses.forget(uid)
      return
    }
    worker.removed = true
    if (worker.stage === 'finished') this.leave(worker)
    else worker.terminate({ gracePeriod: pod.metadata.deletionGracePeriodSeconds ?? 1 })
  }

  private mirrorSeen(mirror: NodePod): void {
    this.mirrors.set(keyOf(mirror), mirror)
    if (!this.staticOf(mirror)) void this.options.mirrors.remove(mirror)
  }

  private staticOf(pod: Pod): NodePod | undefined {
    return [...this.statics.values()].find((one) => keyOf(one) === keyOf(pod))
  }

  /** The pods that files describe now. */
  setStatic(pods: NodePod[]): void {
    const wanted = new Map(pods.map((pod) => [pod.metadata.uid, pod]))
    for (const [uid, pod] of this.statics) {
      if (wanted.has(uid)) continue
      this.statics.delete(uid)
      const mirror = this.mirrors.get(keyOf(pod))
      if (mirror && !pods.some((other) => keyOf(other) === keyOf(pod)))
        void this.options.mirrors.remove(mirror)
      const worker = this.workers.get(uid)
      if (worker) worker.removed = true
      worker?.terminate({})
    }
    for (const [uid, pod] of wanted) {
      this.statics.set(uid, pod)
      this.put(pod)
    }
  }

  /** What the steps of a static pod call: the API is to show it. */
  ensureMirror(pod: NodePod): Promise<void> {
    if (!isStaticPod(pod)) return Promise.resolve()
    return this.options.mirrors.ensure(pod, this.mirrors.get(keyOf(pod)))
  }

  private put(pod: NodePod): void {
    const { uid } = pod.metadata
    const worker = this.workers.get(uid)
    if (worker) {
      worker.update(worker.stage === 'syncing' ? this.resized(pod) : this.options.allocations.apply(pod))
      return
    }
    if (this.stopped || this.rejected.has(uid)) return
    if (!this.isAdmitted(pod)) return
    this.start(pod)
  }

  /** The pod with the resources it has; with others, if it asks for them and they are to be had. */
  private resized(pod: NodePod): NodePod {
    const { allocations, events, node } = this.options
    const { uid, generation = 0 } = pod.metadata
    const current = node()
    if (!current) return allocations.apply(pod)
    const before = allocations.pending(uid)
    const others = this.running().filter(({ metadata }) => metadata.uid !== uid)
    if (allocations.resize(pod, current, others)) {
      events.pod(pod, 'Normal', 'ResizeStarted', `Pod resize started: ${JSON.stringify({ generation })}`)
    }
    const pending = allocations.pending(uid)
    if (pending && pending.reason !== before?.reason) {
      events.pod(
        pod,
        'Warning',
        `Resize${pending.reason}`,
        `Pod resize ${pending.reason}: ${pending.message}`,
      )
    }
    return allocations.apply(pod)
  }

  private running(): NodePod[] {
    return [...this.workers.values()]
      .filter(({ stage }) => stage === 'syncing' || stage === 'terminating')
      .map(({ pod }) => pod)
  }

  private start(given: NodePod): PodWorker {
    const pod = this.options.allocations.apply(given)
    // The pod that had this name before uses the same names in the runtime: it goes first.
    const before = isStaticPod(pod)
      ? [...this.workers.values()].find((other) => keyOf(other.pod) === keyOf(pod))?.done
      : undefined
    const worker = new PodWorker(pod, this.options.steps, this.options.log, before)
    this.workers.set(pod.metadata.uid, worker)
    if (pod.metadata.deletionTimestamp) worker.terminate({})
    return worker
  }

  /** New pods only: what runs already, or has run, has been let in before. */
  private isAdmitted(pod: NodePod): boolean {
    const { log, events, statuses, node } = this.options
    const current = node()
    const phase = pod.status?.phase ?? 'Pending'
    if (!current || phase !== 'Pending' || pod.metadata.deletionTimestamp || pod.status?.startTime)
      return true
    const rejection = admit(pod, current, this.running())
    if (!rejection) return true
    const { reason, message } = rejection
    log.warn('pod rejected', { pod: describePod(pod), reason, message })
    this.rejected.set(pod.metadata.uid, pod)
    events.pod(pod, 'Warning', reason, message)
    statuses.set(pod, {
      phase: 'Failed',
      reason,
      message,
      observedGeneration: pod.metadata.generation ?? 0,
      conditions: pod.status?.conditions ?? [],
      ...(pod.status?.qosClass && { qosClass: pod.status.qosClass }),
    })
    statuses.terminate(pod)
    return false
  }

  /** Ends what the runtime has of pods that no source knows; after all sources have been read. */
  adopt(records: PodRecord[]): void {
    for (const record of records) {
      if (this.workers.has(record.uid)) continue
      const worker = this.start(orphan(record))
      worker.removed = true
      worker.terminate({ gracePeriod: 1 })
    }
  }

  /** A pod's loop has ended. */
  finished(worker: PodWorker): void {
    if (worker.removed) this.leave(worker)
    // What it had may be what others wait for.
    for (const uid of this.options.allocations.deferred()) {
      const pod = this.apiPodOf(uid)
      const known = pod && asNodePod(pod)
      if (known) this.put(known)
    }
  }

  private leave(worker: PodWorker): void {
    const leaving = this.drop(worker).finally(() => this.leaving.delete(leaving))
    this.leaving.add(leaving)
  }

  private async drop(worker: PodWorker): Promise<void> {
    const { uid, record } = worker
    this.workers.delete(uid)
    this.options.statuses.forget(uid)
    this.options.allocations.forget(uid)
    for (const { id } of [...(record?.containers ?? []), ...(record?.sandboxes ?? [])]) this.owners.delete(id)
    await this.options.forget(record, uid)
  }

  /** A container or sandbox has ended. @returns false when it is not known whose it is */
  ended(id: string): boolean {
    const worker = this.workers.get(this.owners.get(id) ?? '')
    worker?.runtimeChanged(id)
    return worker !== undefined
  }

  owns(uid: string, id: string): void {
    this.owners.set(id, uid)
  }

  recordRead(record: PodRecord): void {
    for (const { id } of [...record.containers, ...record.sandboxes]) this.owners.set(id, record.uid)
  }

  wake(uid: string): void {
    this.workers.get(uid)?.wake()
  }

  /** Nobody knows what has happened in the runtime. */
  allChanged(): void {
    for (const worker of this.workers.values()) worker.runtimeChanged()
  }

  worker(uid: string): PodWorker | undefined {
    return this.workers.get(uid)
  }

  byName(namespace: string, name: string): PodWorker | undefined {
    const found = [...this.workers.values()].filter(({ pod }) => keyOf(pod) === `${namespace}/${name}`)
    return found.find(({ removed }) => !removed) ?? found[0]
  }

  /** A pod of that name that is not run here, and the status says why. */
  rejectedByName(namespace: string, name: string): NodePod | undefined {
    return [...this.rejected.values()].find((pod) => keyOf(pod) === `${namespace}/${name}`)
  }

  /** Every pod that is worked on. */
  list(): NodePod[] {
    return [...this.workers.values()].map(({ pod }) => pod)
  }

  /** The API's picture of a pod, of its mirror if it is static. */
  apiPodOf(uid: string): Pod | undefined {
    const source = this.statics.get(uid)
    if (source) return this.mirrors.get(keyOf(source))
    const pod = this.workers.get(uid)?.pod ?? this.rejected.get(uid)
    const current = pod && this.api?.get(pod.metadata.namespace, pod.metadata.name)
    return current?.metadata.uid === uid ? current : undefined
  }

  couldBeRunning(uid: string): boolean {
    const stage = this.workers.get(uid)?.stage
    return stage === 'syncing' || stage === 'terminating'
  }

  async stop(): Promise<void> {
    this.stopped = true
    await Promise.all([...this.workers.values()].map((worker) => worker.stop()))
    await Promise.all(this.leaving)
  }
}

function keyOf(pod: Pod): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`
}

/** As much of a pod as its containers tell. */
function orphan({ uid, name, namespace }: PodRecord): NodePod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { uid, name, namespace },
    spec: { containers: [], restartPolicy: 'Never', terminationGracePeriodSeconds: 1 },
  }
}
