import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { parseTime } from '../../api/time.ts'
import type { Container, ContainerStatus, PodStatus, Probe } from '../../api/types/core-v1.ts'
import type { PodEvents } from '../events/pod-events.ts'
import { isSidecar, type NodePod } from '../pods/node-pod.ts'
import type { ProbeResult, ProbeResults } from './probe-results.ts'
import { type ProbeType, ProbeWorker } from './probe-worker.ts'

const fields: Record<ProbeType, 'livenessProbe' | 'readinessProbe' | 'startupProbe'> = {
  liveness: 'livenessProbe',
  readiness: 'readinessProbe',
  startup: 'startupProbe',
}
const types = Object.keys(fields) as ProbeType[]

export interface ProbeManagerOptions {
  cri: CriClient
  events: PodEvents
  /** A probe of the pod came to a new result. */
  onChange(uid: string, type: ProbeType): void
}

/** Probes all containers of the node, and says which of them have started and are ready. */
export class ProbeManager {
  readonly liveness: ProbeResults
  readonly startup: ProbeResults
  private readonly options: ProbeManagerOptions
  private readonly results: Record<ProbeType, Map<string, ProbeResult>> = {
    liveness: new Map(),
    readiness: new Map(),
    startup: new Map(),
  }
  /** By pod, then by container and type. */
  private readonly workers = new Map<string, Map<string, ProbeWorker>>()

  constructor(options: ProbeManagerOptions) {
    this.options = options
    this.liveness = this.results.liveness
    this.startup = this.results.startup
  }

  /** Probes what of the pod has probes; ends probing of containers that are no longer there. */
  addPod(pod: NodePod): void {
    const { uid } = pod.metadata
    const workers = this.workers.get(uid) ?? new Map<string, ProbeWorker>()
    for (const container of probedContainers(pod)) {
      for (const type of types) {
        const probe = container[fields[type]]
        const key = `${container.name}/${type}`
        if (probe && !workers.has(key)) workers.set(key, this.worker(pod, container, type, probe))
      }
    }
    if (workers.size > 0) this.workers.set(uid, workers)
  }

  private worker(pod: NodePod, container: Container, type: ProbeType, probe: Probe): ProbeWorker {
    const { cri, events, onChange } = this.options
    return new ProbeWorker({
      cri,
      events,
      pod,
      container,
      type,
      probe,
      onResult: (id, result) => {
        const before = this.results[type].get(id)
        this.results[type].set(id, result)
        if (before !== result) onChange(pod.metadata.uid, type)
      },
    })
  }

  /** The pod is going: it may get ready and unready still, but is not to be restarted. */
  stopRestarts(uid: string): void {
    const workers = this.workers.get(uid)
    for (const [key, worker] of workers ?? []) {
      if (worker.type === 'readiness') continue
      worker.stop()
      workers?.delete(key)
    }
  }

  removePod(uid: string): void {
    for (const worker of this.workers.get(uid)?.values() ?? []) worker.stop()
    this.workers.delete(uid)
  }

  stop(): void {
    for (const uid of this.workers.keys()) this.removePod(uid)
  }

  /** Fills in `started` and `ready` of a status just made, and lets the workers know what runs. */
  updateStatus(pod: NodePod, status: PodStatus): void {
    for (const container of status.containerStatuses ?? []) {
      const spec = pod.spec.containers.find(({ name }) => name === container.name)
      this.updateContainer(pod, container, spec, status)
    }
    for (const container of status.initContainerStatuses ?? []) {
      const spec = pod.spec.initContainers?.find(({ name }) => name === container.name)
      if (spec && isSidecar(spec)) {
        this.updateContainer(pod, container, spec, status)
      } else {
        container.started = container.state?.running !== undefined
        if (container.state?.terminated?.exitCode === 0) container.ready = true
      }
    }
  }

  private updateContainer(
    pod: NodePod,
    container: ContainerStatus,
    spec: Container | undefined,
    status: PodStatus,
  ): void {
    const { uid } = pod.metadata
    const id = container.containerID?.replace(/^.*:\/\//, '') ?? ''
    const startedAt = parseTime(container.state?.running?.startedAt)
    container.started = startedAt !== undefined && this.isStarted(uid, container, id)
    container.ready = container.started && this.isReady(pod, container, spec, id)
    const running =
      startedAt === undefined
        ? undefined
        : { id, startedAt, started: container.started, podIP: status.podIP ?? '' }
    for (const type of types) this.workers.get(uid)?.get(`${container.name}/${type}`)?.observe(running)
  }

  private isStarted(uid: string, container: ContainerStatus, id: string): boolean {
    const result = this.results.startup.get(id)
    if (result) return result === 'success'
    // So it was found by the kubelet before this one.
    if (container.started) return true
    return !this.workers.get(uid)?.has(`${container.name}/startup`)
  }

  private isReady(
    pod: NodePod,
    container: ContainerStatus,
    spec: Container | undefined,
    id: string,
  ): boolean {
    const result = this.results.readiness.get(id)
    if (result) return result === 'success'
    if (!spec?.readinessProbe) return true
    // Taken over while running: what was said of it stands until the first probe is through.
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
    const before = [...containerStatuses, ...initContainerStatuses].find(
      ({ containerID }) => containerID === container.containerID,
    )
    return before?.ready ?? false
  }

  /** Containers that are no more need no results. */
  forget(containerId: string): void {
    for (const type of types) this.results[type].delete(containerId)
  }
}

function probedContainers(pod: NodePod): Container[] {
  return [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers]
}
