import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { parseTime } from '../../api/time.ts'
import type { PodStatus, Secret } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import type { Logger } from '../../log.ts'
import type { PodCgroups } from '../cgroups/pod-cgroups.ts'
import type { ContainerKiller } from '../containers/container-killer.ts'
import type { DeadContainers } from '../containers/dead-containers.ts'
import type { NodeFacts } from '../containers/node-facts.ts'
import type { PodRecord } from '../containers/pod-record.ts'
import { type EndedContainers, readPodRecord } from '../containers/read-pod-record.ts'
import { StartError } from '../containers/start-error.ts'
import type { UserNamespaces } from '../containers/user-namespaces.ts'
import type { PodEvents } from '../events/pod-events.ts'
import type { ObjectCache } from '../objects/object-cache.ts'
import type { ProbeManager } from '../probes/probe-manager.ts'
import { generateStatus } from '../status/generate-status.ts'
import type { NewCondition } from '../status/pod-conditions.ts'
import type { StartReasons } from '../status/reasons.ts'
import type { StatusManager } from '../status/status-manager.ts'
import { VolumeError, type VolumeManager } from '../volumes/volume-manager.ts'
import { type Allocations, pendingCondition } from './allocations.ts'
import { computeActions } from './compute-actions.ts'
import type { ActionExecutor } from './execute-actions.ts'
import { describePod, type NodePod } from './node-pod.ts'
import type { PodSteps as Contract, PodWorker, StepResult } from './pod-worker.ts'
import { type AppliedResources, type ContainerToResize, resizeContainer } from './resize-actions.ts'

export interface PodStepsOptions {
  cri: CriClient
  runtimeName: string
  log: Logger
  facts: NodeFacts
  events: PodEvents
  statuses: StatusManager
  probes: ProbeManager
  reasons: StartReasons
  /** Absent on a node without a control plane. */
  objects: ObjectCache | undefined
  volumes: VolumeManager
  cgroups: PodCgroups
  executor: ActionExecutor
  killer: ContainerKiller
  dead: DeadContainers
  userNamespaces: UserNamespaces
  allocations: Allocations
  applied: AppliedResources
  runtimeHandler(pod: NodePod): Promise<string>
  /** Why pods cannot get a network now; `undefined`: they can. */
  networkProblem(): string | undefined
  /** Of a static pod: sees to it that the API shows it. */
  mirror(pod: NodePod): Promise<void>
  /** The record of a pod has been read. */
  onRecord(record: PodRecord): void
  /** A worker has come to its end. */
  onFinished(worker: PodWorker): void
}

const firstRetryMs = 1000
const longestRetryMs = 10_000
const networkRetryMs = 200

/** What upstream's kubelet does in SyncPod, SyncTerminatingPod and SyncTerminatedPod. */
export class PodSteps implements Contract {
  private readonly options: PodStepsOptions
  /** Failed attempts in a row to start something, by pod uid. */
  private readonly failures = new Map<string, number>()
  private readonly resizeErrors = new Map<string, string>()

  constructor(options: PodStepsOptions) {
    this.options = options
  }

  async read(pod: NodePod, ended: EndedContainers): Promise<PodRecord> {
    const { cri, runtimeName, applied, onRecord } = this.options
    const record = await readPodRecord(cri, pod.metadata, runtimeName, ended)
    applied.adopt(pod, record)
    onRecord(record)
    return record
  }

  /** Generates and publishes the status from what is known; also between steps, when only a probe has changed. */
  publish(worker: PodWorker, terminal = false): PodStatus {
    const { statuses, probes, reasons, facts } = this.options
    const { pod, record } = worker
    const previous = statuses.get(worker.uid) ?? pod.status ?? {}
    if (!record) return previous
    const status = generateStatus({
      pod,
      record,
      previous,
      reasons,
      hostIP: facts.nodeIP,
      recursiveReadOnly: facts.supports('', 'recursiveReadOnlyMounts'),
      terminal,
      resizeConditions: this.resizeConditions(worker),
      appliedResources: (id) => this.options.applied.get(id),
      applyProbes: (one, made) => probes.updateStatus(one, made),
    })
    worker.changeStatus?.(status)
    return statuses.set(pod, status)
  }

  async sync(worker: PodWorker, signal: AbortSignal): Promise<StepResult> {
    const { pod } = worker
    const { executor, probes, reasons, dead, objects } = this.options
    probes.addPod(pod)
    const status = this.publish(worker)
    if (status.phase === 'Succeeded' || status.phase === 'Failed') return { advance: true }
    if (this.deadlinePassed(worker, status)) return { changed: true }
    const problem = pod.spec.hostNetwork ? undefined : this.options.networkProblem()
    if (problem) return this.awaitNetwork(pod, problem)
    objects?.register(pod)
    await this.makeCgroup(pod)
    await this.options.mirror(pod)
    await this.mountVolumes(pod)
    signal.throwIfAborted()
    const record = worker.record!
    const resizes = this.options.applied.changes(pod, record)
    const actions = computeActions(pod, record, {
      liveness: probes.liveness,
      startup: probes.startup,
      restartAll: findCondition(status.conditions, 'AllContainersRestarting')?.status === 'True',
      resizeByRestart: new Set(resizes.filter(({ restart }) => restart).map(({ record: { id } }) => id)),
    })
    const result = await executor.execute(pod, record, actions, await this.pullSecrets(pod), signal)
    reasons.update(worker.uid, result.starts)
    const failed = result.error ?? [...result.starts.values()].find((failure) => failure !== undefined)
    if (failed) {
      if (!signal.aborted) {
        const reason = failed instanceof StartError ? failed.reason : undefined
        this.options.log.info('pod not started', {
          pod: describePod(pod),
          ...(reason && { reason }),
          error: failed,
        })
      }
      if (result.changed) await worker.reread()
      this.publish(worker)
      signal.throwIfAborted()
      return { again: this.retryAt(worker.uid, result.error) ?? this.deadline(worker, status) ?? Date.now() }
    }
    this.failures.delete(worker.uid)
    if (result.changed) return { changed: true }
    if (resizes.length > 0) return this.resize(worker, resizes)
    await dead.prune(record)
    const again = this.deadline(worker, status)
    return again === undefined ? {} : { again }
  }

  private async resize(worker: PodWorker, resizes: ContainerToResize[]): Promise<StepResult> {
    const { cri, cgroups, applied, facts, events } = this.options
    const { pod } = worker
    try {
      // More first for the pod, less first for its containers; what is too early fails and comes again below.
      await cgroups.ensure(pod).catch(() => {})
      for (const one of resizes) {
        await resizeContainer(cri, pod, one, facts.memoryCapacity)
        applied.set(one.record.id, one.container.resources ?? {})
      }
      await cgroups.ensure(pod)
    } catch (error) {
      const { message } = error as Error
      this.resizeErrors.set(worker.uid, message)
      events.pod(pod, 'Warning', 'ResizeError', `Pod resize error: ${message}`)
      this.publish(worker)
      return { again: Date.now() + longestRetryMs }
    }
    this.resizeErrors.delete(worker.uid)
    events.pod(
      pod,
      'Normal',
      'ResizeCompleted',
      `Pod resize completed: ${JSON.stringify({ generation: pod.metadata.generation })}`,
    )
    return { changed: true }
  }

  private resizeConditions(worker: PodWorker): NewCondition[] {
    const { allocations, applied } = this.options
    const { pod, record, stage } = worker
    if (stage !== 'syncing' || !record) return []
    const conditions: NewCondition[] = []
    const pending = allocations.pending(worker.uid)
    if (pending) conditions.push(pendingCondition(pending))
    if (applied.changes(pod, record).length > 0) {
      const message = this.resizeErrors.get(worker.uid)
      conditions.push({
        type: 'PodResizeInProgress',
        status: 'True',
        ...(message && { reason: 'Error', message }),
      })
    }
    return conditions
  }

  private awaitNetwork(pod: NodePod, problem: string): StepResult {
    const message = `network is not ready: ${problem}`
    this.options.events.pod(pod, 'Warning', 'NetworkNotReady', message)
    return { again: Date.now() + networkRetryMs }
  }

  private async makeCgroup(pod: NodePod): Promise<void> {
    const { cgroups, events } = this.options
    if (await cgroups.exists(pod)) return
    try {
      await cgroups.ensure(pod)
    } catch (error) {
      const { message } = error as Error
      events.pod(
        pod,
        'Warning',
        'FailedCreatePodContainer',
        `unable to ensure pod container exists: ${message}`,
      )
      throw new Error(
        `failed to ensure that the pod: ${pod.metadata.uid} cgroups exist and are correctly applied: ${message}`,
      )
    }
  }

  private async mountVolumes(pod: NodePod): Promise<void> {
    const { volumes, events } = this.options
    try {
      await volumes.mount(pod)
    } catch (error) {
      if (error instanceof VolumeError) events.pod(pod, 'Warning', 'FailedMount', error.message)
      throw error
    }
  }

  private async pullSecrets(pod: NodePod): Promise<Secret[]> {
    const names = pod.spec.imagePullSecrets ?? []
    const found = await Promise.all(
      names.map(({ name }) => this.options.objects?.secret(pod.metadata.namespace, name ?? '')),
    )
    const missing = names.filter((_, index) => !found[index]).map(({ name }) => name ?? '')
    if (missing.length > 0) {
      this.options.events.pod(
        pod,
        'Warning',
        'FailedToRetrieveImagePullSecret',
        `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`,
      )
    }
    return found.filter((secret) => secret !== undefined)
  }

  /** The earliest time that something that failed wants to be tried again. */
  private retryAt(uid: string, error: Error | undefined): number | undefined {
    const wanted = error ? undefined : this.options.reasons.retryAt(uid)
    if (wanted !== undefined) return Math.max(wanted, Date.now())
    const failures = this.failures.get(uid) ?? 0
    this.failures.set(uid, failures + 1)
    return Date.now() + Math.min(longestRetryMs, firstRetryMs * 2 ** failures)
  }

  /** When activeDeadlineSeconds are over; `undefined`: the pod has none. */
  private deadline(worker: PodWorker, status: PodStatus): number | undefined {
    const seconds = worker.pod.spec.activeDeadlineSeconds
    const start = parseTime(status.startTime)
    return seconds === undefined || start === undefined ? undefined : start + seconds * 1000
  }

  private deadlinePassed(worker: PodWorker, status: PodStatus): boolean {
    const deadline = this.deadline(worker, status)
    if (deadline === undefined || Date.now() < deadline) return false
    const message = 'Pod was active on the node longer than the specified deadline'
    this.options.events.pod(worker.pod, 'Normal', 'DeadlineExceeded', message)
    worker.terminate({
      changeStatus: (one) => {
        one.phase = 'Failed'
        one.reason = 'DeadlineExceeded'
        one.message = message
      },
    })
    return true
  }

  async terminate(worker: PodWorker, gracePeriod: number, signal: AbortSignal): Promise<StepResult> {
    const { pod } = worker
    const { probes, killer, events } = this.options
    this.publish(worker)
    probes.stopRestarts(worker.uid)
    const before = worker.record!
    try {
      await killer.killPod(pod, before, { gracePeriod, signal })
    } catch (error) {
      if (!signal.aborted) {
        events.pod(pod, 'Warning', 'FailedKillPod', `error killing pod: ${(error as Error).message}`)
      }
      throw error
    }
    probes.removePod(worker.uid)
    const after = await worker.reread()
    const alive = after.containers.filter(({ state }) => state === 'running')
    if (alive.length > 0) {
      throw new Error(
        `detected running containers after a successful KillPod, CRI violation: ${alive.map(({ id }) => id).join(', ')}`,
      )
    }
    // The sandbox is gone; the pod had these addresses until the end.
    after.ips = before.ips
    this.publish(worker, true)
    return { advance: true }
  }

  async cleanUp(worker: PodWorker): Promise<StepResult> {
    const { pod } = worker
    const { volumes, objects, cgroups, userNamespaces, statuses, reasons } = this.options
    this.publish(worker, true)
    await volumes.remove(worker.uid)
    objects?.unregister(worker.uid)
    await cgroups.remove(pod)
    userNamespaces.release(worker.uid)
    statuses.terminate(pod)
    reasons.forget(worker.uid)
    this.failures.delete(worker.uid)
    this.resizeErrors.delete(worker.uid)
    return { advance: true }
  }

  finish(worker: PodWorker): void {
    this.options.log.info('pod has ended', { pod: describePod(worker.pod) })
    this.options.onFinished(worker)
  }
}
