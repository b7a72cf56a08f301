import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { isCriCode } from '@minikube-ts/cri/cri-error.ts'
import type { Container, Probe } from '../../api/types/core-v1.ts'
import type { PodEvents } from '../events/pod-events.ts'
import type { KillReason } from '../pods/compute-actions.ts'
import { findContainer, isSidecar, type NodePod } from '../pods/node-pod.ts'
import { readContainerAnnotations } from './labels.ts'
import { runLifecycleHook } from './lifecycle-hook.ts'
import type { ContainerRecord, PodRecord } from './pod-record.ts'
import { TerminationOrder } from './termination-order.ts'

/** Upstream gives everybody two; one is what `kubectl delete --now` asks for. */
const minimumSeconds = 1

export interface KillOptions {
  /** For the event; by default that the container is stopped. */
  message?: string
  reason?: KillReason
  /** Seconds, instead of what pod and probes say. */
  gracePeriod?: number
  order?: TerminationOrder
  signal: AbortSignal
}

/** Ends containers in good order: preStop hook, stop signal, time to finish, then the end. */
export class ContainerKiller {
  private readonly cri: CriClient
  private readonly events: PodEvents

  constructor(cri: CriClient, events: PodEvents) {
    this.cri = cri
    this.events = events
  }

  /** @throws CriError */
  async kill(pod: NodePod, record: ContainerRecord, podIP: string, options: KillOptions): Promise<void> {
    const container = findContainer(pod.spec, record.name) ?? (await this.restore(record))
    const { message = `Stopping container ${record.name}`, order, signal } = options
    this.events.container(pod, record.name, 'Normal', 'Killing', message)
    let seconds = options.gracePeriod ?? gracePeriod(pod, container, options.reason)
    const preStop = container.lifecycle?.preStop
    if (preStop && seconds > 0 && record.state === 'running') {
      seconds -= await this.preStop(pod, container, record.id, podIP, seconds, signal)
    }
    if (order && seconds > 0) seconds -= await order.turn(record.name, seconds)
    const timeout = Math.max(minimumSeconds, seconds)
    try {
      await this.cri.stopContainer({ containerId: record.id, timeout }, { signal })
    } catch (error) {
      if (!isCriCode(error, 'NotFound')) throw error
    }
    order?.hasEnded(record.name)
  }

  /**
   * Ends all containers of the pod at once (sidecars last) and then its sandboxes.
   * @throws Error of the first that failed, after all have been tried
   */
  async killPod(
    pod: NodePod,
    record: PodRecord,
    options: { gracePeriod?: number; signal: AbortSignal },
  ): Promise<void> {
    const alive = record.containers.filter(({ state }) => state === 'running' || state === 'unknown')
    const ordered = pod.spec.initContainers?.some(isSidecar)
    const order = ordered
      ? new TerminationOrder(
          pod,
          alive.map(({ name }) => name),
        )
      : undefined
    const [podIP = ''] = record.ips
    const results = await Promise.allSettled(
      alive.map((container) => this.kill(pod, container, podIP, { ...options, ...(order && { order }) })),
    )
    throwFirst(results)
    throwFirst(await Promise.allSettled(record.sandboxes.map(({ id }) => this.stopSandbox(id))))
  }

  async stopSandbox(id: string): Promise<void> {
    try {
      await this.cri.stopPodSandbox({ podSandboxId: id })
    } catch (error) {
      if (!isCriCode(error, 'NotFound')) throw error
    }
  }

  /** Resolves to the whole seconds that the hook took, at most all there are. */
  private async preStop(
    pod: NodePod,
    container: Container,
    containerId: string,
    podIP: string,
    seconds: number,
    signal: AbortSignal,
  ): Promise<number> {
    const began = performance.now()
    const limit = AbortSignal.timeout(seconds * 1000)
    try {
      await runLifecycleHook({
        cri: this.cri,
        pod,
        container,
        containerId,
        handler: container.lifecycle!.preStop!,
        podIP,
        signal: AbortSignal.any([signal, limit]),
      })
    } catch {
      if (!limit.aborted && !signal.aborted) {
        this.events.container(pod, container.name, 'Warning', 'FailedPreStopHook', 'PreStopHook failed')
      }
    }
    return Math.floor((performance.now() - began) / 1000)
  }

  /** What the container's annotations still tell, when the spec is gone. */
  private async restore(record: ContainerRecord): Promise<Container> {
    const { status } = await this.cri.containerStatus({ containerId: record.id })
    const { preStop, ports } = readContainerAnnotations(status?.annotations ?? {})
    return { name: record.name, ports, ...(preStop && { lifecycle: { preStop } }) }
  }
}

function throwFirst(results: PromiseSettledResult<void>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

function gracePeriod(pod: NodePod, container: Container, reason: KillReason | undefined): number {
  const { deletionGracePeriodSeconds } = pod.metadata
  if (deletionGracePeriodSeconds !== undefined) return deletionGracePeriodSeconds
  const seconds = pod.spec.terminationGracePeriodSeconds
  if (seconds === undefined) return minimumSeconds
  const probes: Partial<Record<KillReason, Probe | undefined>> = {
    startupProbe: container.startupProbe,
    livenessProbe: container.livenessProbe,
  }
  return (reason && probes[reason]?.terminationGracePeriodSeconds) ?? seconds
}
