import { mkdir, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Init } from '@minikube-ts/cri/call.ts'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { ContainerConfig, PodSandboxConfig } from '@minikube-ts/cri/generated/runtime-v1.ts'
import { formatDuration } from '../../api/duration.ts'
import type { Container, Secret } from '../../api/types/core-v1.ts'
import { containerEnvironment } from '../environment/environment.ts'
import type { ObjectReader } from '../environment/object-reader.ts'
import type { PodEvents } from '../events/pod-events.ts'
import type { ImagePuller, ImageRequest } from '../images/image-puller.ts'
import { podHostname } from '../network/pod-hostname.ts'
import { describePod, type NodePod } from '../pods/node-pod.ts'
import type { VolumeManager } from '../volumes/volume-manager.ts'
import { Backoff } from './backoff.ts'
import { containerConfig } from './container-config.ts'
import type { ContainerKiller } from './container-killer.ts'
import { runLifecycleHook } from './lifecycle-hook.ts'
import { containerLogPath, legacyLogLink, podLogsDirectory } from './log-paths.ts'
import { containerDevices, containerMounts } from './mounts.ts'
import type { NodeFacts } from './node-facts.ts'
import { type ContainerRecord, findByName, type PodRecord } from './pod-record.ts'
import type { SandboxMaker } from './sandbox-maker.ts'
import { StartError } from './start-error.ts'

const firstCrashBackoffMs = 10_000
const longestCrashBackoffMs = 300_000

export interface ContainerStarterOptions {
  cri: CriClient
  facts: NodeFacts
  events: PodEvents
  objects: ObjectReader
  images: ImagePuller
  volumes: VolumeManager
  sandboxes: SandboxMaker
  killer: ContainerKiller
  podLogsDir: string
  /** Directory of links to all logs, upstream's /var/log/containers. */
  containerLogsDir: string
  seccompRoot: string
  /** Told of every container as soon as it exists. */
  onCreated(pod: NodePod, container: Container, containerId: string): void
}

export interface StartRequest {
  pod: NodePod
  container: Container
  record: PodRecord
  sandbox: { id: string; ips: string[]; config: Init<PodSandboxConfig>; handler: string }
  pullSecrets: readonly Secret[]
  /** Of an ephemeral container: whose processes it is to see. */
  targetName?: string
  signal: AbortSignal
}

/** Takes one container from its spec to running: back-off, image, configuration, create, start, postStart hook. */
export class ContainerStarter {
  private readonly options: ContainerStarterOptions
  private readonly crashes = new Backoff(firstCrashBackoffMs, longestCrashBackoffMs)

  constructor(options: ContainerStarterOptions) {
    this.options = options
  }

  /** @throws StartError */
  async start(request: StartRequest): Promise<void> {
    const { pod, container, record, sandbox, signal } = request
    const { cri, events, images } = this.options
    const event = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
      events.container(pod, container.name, type, reason, message)
    this.checkBackoff(request)
    const image = await this.orFailed(event, () =>
      images.ensure({
        pod,
        image: container.image ?? '',
        pullPolicy: container.imagePullPolicy ?? 'IfNotPresent',
        secrets: request.pullSecrets,
        sandbox: sandbox.config,
        event,
        signal,
      }),
    )
    await this.orFailed(event, () => this.pullVolumes(request, event))
    const restarts = await this.restartCount(pod, container, record)
    const config = await this.orFailed(
      event,
      () => this.config(request, image, restarts),
      'CreateContainerConfigError',
    )
    const { containerId } = await this.orFailed(
      event,
      () => cri.createContainer({ podSandboxId: sandbox.id, config, sandboxConfig: sandbox.config }),
      'CreateContainerError',
    )
    this.options.onCreated(pod, container, containerId)
    event('Normal', 'Created', 'Container created')
    await this.orFailed(
      event,
      () => cri.startContainer({ containerId }),
      'RunContainerError',
      (message) => message.replaceAll(containerId, container.name),
    )
    event('Normal', 'Started', 'Container started')
    await this.linkLog(pod, container, containerId, restarts)
    await this.postStart(request, containerId)
  }

  /** Runs a step; its failure becomes an event and a reason for waiting. */
  private async orFailed<T>(
    event: (type: 'Warning', reason: string, message: string) => void,
    step: () => Promise<T>,
    reason?: string,
    shorten: (message: string) => string = (message) => message,
  ): Promise<T> {
    try {
      return await step()
    } catch (error) {
      const { message } = error as Error
      const shown = error instanceof StartError ? error.reason : message
      event('Warning', 'Failed', shorten(`Error: ${shown}`))
      throw error instanceof StartError || reason === undefined ? error : new StartError(reason, message)
    }
  }

  /** Images that the container mounts as volumes. @throws StartError */
  private async pullVolumes(request: StartRequest, event: ImageRequest['event']): Promise<void> {
    const { pod, container, sandbox, signal } = request
    const wanted = new Set(container.volumeMounts?.map(({ name }) => name))
    const mounted = this.options.volumes.of(pod.metadata.uid)
    for (const { name, image } of pod.spec.volumes ?? []) {
      const volume = mounted.get(name)
      if (!image || !volume || !wanted.has(name)) continue
      const reference = image.reference ?? ''
      const { ref } = await this.options.images.ensure({
        pod,
        image: reference,
        pullPolicy: image.pullPolicy ?? 'IfNotPresent',
        secrets: request.pullSecrets,
        sandbox: sandbox.config,
        event,
        signal,
      })
      volume.image = { image: ref, userSpecifiedImage: reference, runtimeHandler: sandbox.handler }
    }
  }

  /** @throws StartError while a container that ended is not to be started again yet */
  private checkBackoff({ pod, container, record }: StartRequest): void {
    const ended = record.containers.find(({ name, state }) => name === container.name && state === 'exited')
    if (!ended) return
    const key = crashKey(pod, container)
    const retryAt = this.crashes.until(key, ended.finishedAt)
    if (retryAt === undefined) {
      this.crashes.next(key, ended.finishedAt)
      return
    }
    this.options.events.container(
      pod,
      container.name,
      'Warning',
      'BackOff',
      `Back-off restarting failed container ${container.name} in pod ${describePod(pod)}`,
    )
    throw new StartError(
      'CrashLoopBackOff',
      `back-off ${formatDuration(this.crashes.wait(key))} restarting failed container=${container.name} pod=${describePod(pod)}`,
      retryAt,
    )
  }

  private async restartCount(pod: NodePod, container: Container, record: PodRecord): Promise<number> {
    const latest = findByName(record, container.name)
    if (latest) return latest.restartCount + 1
    // The runtime has forgotten all about it; its logs may still be there.
    const directory = join(podLogsDirectory(this.options.podLogsDir, pod.metadata), container.name)
    const names = await readdir(directory).catch(() => [])
    const counts = names.map((name) => Number(/^(\d+)\.log/.exec(name)?.[1] ?? -1) + 1)
    return Math.max(0, ...counts)
  }

  private async config(
    request: StartRequest,
    image: { ref: string; user: import('./security-context.ts').ImageUser },
    restarts: number,
  ): Promise<Init<ContainerConfig>> {
    const { pod, container, sandbox } = request
    const { facts, objects, volumes, sandboxes } = this.options
    const target = this.target(request)
    const mounted = volumes.of(pod.metadata.uid)
    const environment = await containerEnvironment({
      pod,
      container,
      addresses: { podIPs: sandbox.ips, hostIP: facts.nodeIP },
      services: await facts.services(),
      allocatable: facts.allocatable(),
      objects,
      volumePath: (name) => mounted.get(name)?.path,
    })
    const mounts = await containerMounts({
      pod,
      container,
      volumes: mounted,
      environment,
      podIPs: sandbox.ips,
      hostname: podHostname(pod, facts.dns.clusterDomain),
      paths: volumes.context.paths,
      recursiveReadOnly: facts.supports(sandbox.handler, 'recursiveReadOnlyMounts'),
    })
    const directory = join(podLogsDirectory(this.options.podLogsDir, pod.metadata), container.name)
    await mkdir(directory, { recursive: true, mode: 0o755 })
    return containerConfig({
      pod,
      container,
      restarts,
      imageRef: image.ref,
      imageUser: image.user,
      environment,
      mounts,
      devices: containerDevices(container, mounted),
      userNamespace: await sandboxes.userNamespace(pod),
      seccompRoot: this.options.seccompRoot,
      volumeGroups: volumes.groups(pod.metadata.uid),
      memoryCapacity: facts.memoryCapacity,
      ...(target && { targetId: target.id }),
    })
  }

  private target({ record, targetName }: StartRequest): ContainerRecord | undefined {
    if (!targetName) return undefined
    const target = findByName(record, targetName)
    if (!target) throw new Error(`unable to find target container ${targetName}`)
    return target
  }

  private async linkLog(pod: NodePod, container: Container, id: string, restarts: number): Promise<void> {
    const { podLogsDir, containerLogsDir } = this.options
    const log = join(podLogsDirectory(podLogsDir, pod.metadata), containerLogPath(container.name, restarts))
    const link = legacyLogLink(containerLogsDir, pod.metadata, container.name, id)
    // A convenience for log shippers: nothing depends on it.
    await symlink(log, link).catch(() => {})
  }

  private async postStart(request: StartRequest, containerId: string): Promise<void> {
    const { pod, container, sandbox, record, signal } = request
    const handler = container.lifecycle?.postStart
    if (!handler) return
    const { cri, events, killer } = this.options
    const [podIP = ''] = sandbox.ips
    try {
      await runLifecycleHook({ cri, pod, container, containerId, handler, podIP, signal })
    } catch (error) {
      events.container(pod, container.name, 'Warning', 'FailedPostStartHook', 'PostStartHook failed')
      const made: ContainerRecord = {
        ...blankRecord,
        id: containerId,
        name: container.name,
        sandboxId: sandbox.id,
      }
      const options = { message: 'FailedPostStartHook', reason: 'failedPostStartHook' as const, signal }
      await killer.kill(pod, made, record.ips[0] ?? '', options)
      throw new StartError('PostStartHookError', (error as Error).message)
    }
  }
}

const blankRecord: ContainerRecord = {
  id: '',
  name: '',
  sandboxId: '',
  image: '',
  imageRef: '',
  hash: '',
  restartCount: 0,
  state: 'running',
  createdAt: 0,
  startedAt: 0,
  finishedAt: 0,
  exitCode: 0,
  reason: '',
  message: '',
  logPath: '',
  mounts: [],
}

/** A changed image or size is another container to the back-off. */
function crashKey(pod: NodePod, container: Container): string {
  return JSON.stringify([pod.metadata.uid, container.name, container.image, container.resources])
}
