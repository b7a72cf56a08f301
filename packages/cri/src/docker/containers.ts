import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CriError, isCriCode } from '../cri-error.ts'
import {
  type ContainerConfig,
  type ContainerFilter,
  ContainerState as CriState,
  type Mount,
  MountPropagation,
  type PodSandboxConfig,
  Signal,
} from '../generated/runtime-v1.ts'
import type { CriHandlers } from '../serve.ts'
import type { Engine } from './engine.ts'
import type { InspectedContainer, InspectedImage, ListedContainer } from './engine-types.ts'
import type { Logs, LogTarget } from './logs.ts'
import { allowedOomScore, type ProcessLimits } from './process-limits.ts'
import { resourceOptions } from './resources.ts'
import { joinSandbox, securityOptions, userOf } from './security.ts'
import { type ContainerState, fromLabels, kindLabel, matches, sandboxLabel, toLabels } from './state-label.ts'
import { nanoseconds, nowInNanoseconds } from './time.ts'

export interface ContainersOptions {
  engine: Engine
  logs: Logs
  limits: ProcessLimits
}

/** Pods' containers, each a container of the engine that has joined its sandbox. */
export class Containers {
  readonly #options: ContainersOptions

  constructor(options: ContainersOptions) {
    this.#options = options
  }

  handlers(): CriHandlers {
    return {
      createContainer: async ({ podSandboxId, config, sandboxConfig }) => ({
        containerId: await this.#createIn(podSandboxId, config, sandboxConfig),
      }),
      startContainer: async ({ containerId }) => {
        await this.#start(containerId)
        return {}
      },
      stopContainer: async ({ containerId, timeout }) => {
        await this.stop(containerId, timeout)
        return {}
      },
      removeContainer: async ({ containerId }) => {
        await this.remove(containerId)
        return {}
      },
      listContainers: async ({ filter }) => ({ containers: await this.list(filter) }),
      containerStatus: async ({ containerId, verbose }) => {
        const inspected = await this.inspect(containerId)
        const status = statusOf(inspected)
        // Whoever reads the log of a container that has ended finds all of it.
        if (status.state === CriState.CONTAINER_EXITED) await this.#options.logs.complete(inspected.Id)
        return {
          status,
          ...(verbose && { info: { info: JSON.stringify({ pid: inspected.State.Pid }) } }),
        }
      },
      updateContainerResources: async ({ containerId, linux }) => {
        const { Id } = await this.inspect(containerId)
        await this.#options.engine.json(`/containers/${Id}/update`, {
          method: 'POST',
          body: resourceOptions(linux ?? {}),
        })
        return {}
      },
      reopenContainerLog: async ({ containerId }) => {
        const { Id, State } = await this.inspect(containerId)
        if (State.Pid === 0) {
          throw new CriError('FailedPrecondition', 'container is not running', 'ReopenContainerLog')
        }
        await this.#options.logs.reopen(Id)
        return {}
      },
    }
  }

  /** @throws CriError NotFound */
  async inspect(id: string, query: Record<string, number> = {}): Promise<InspectedContainer> {
    const { engine } = this.#options
    const inspected = await engine.json<InspectedContainer>(`/containers/${id}/json`, { query })
    fromLabels('container', id, inspected.Config.Labels)
    return inspected
  }

  async list(filter: ContainerFilter | undefined) {
    const label = [
      `${kindLabel}=container`,
      ...(filter?.podSandboxId ? [`${sandboxLabel}=${filter.podSandboxId}`] : []),
    ]
    const listed = await this.#options.engine.json<ListedContainer[]>('/containers/json', {
      query: { all: 1, filters: JSON.stringify({ label }) },
    })
    const containers = await Promise.all(
      listed.map(async ({ Id, State, ImageID, Labels }) => ({
        id: Id,
        imageId: ImageID,
        ...shown(fromLabels('container', Id, Labels)),
        state: State === 'created' ? await this.#stateOfCreated(Id) : criState(State),
      })),
    )
    return containers.filter(
      ({ id, state, labels }) =>
        (!filter?.id || id.startsWith(filter.id)) &&
        (!filter?.state || state === filter.state.state) &&
        matches(filter?.labelSelector ?? {}, labels),
    )
  }

  async ofSandbox(podSandboxId: string): Promise<string[]> {
    const containers = await this.list({ id: '', podSandboxId, labelSelector: {} })
    return containers.map(({ id }) => id)
  }

  /** Makes a container of the engine; one of that name that a crash has left behind makes way. */
  async create(name: string, body: object): Promise<string> {
    const { engine } = this.#options
    const create = () =>
      engine.json<{ Id: string }>('/containers/create', { method: 'POST', query: { name }, body })
    try {
      return (await create()).Id
    } catch (error) {
      if (!isCriCode(error, 'AlreadyExists')) throw error
      const { Id, State } = await engine.json<InspectedContainer>(`/containers/${name}/json`)
      if (State.Pid > 0) throw error
      await engine.json(`/containers/${Id}`, { method: 'DELETE', query: { v: 1 } })
      return (await create()).Id
    }
  }

  /** @param timeout seconds between the asking and the killing; 0 kills at once */
  async stop(id: string, timeout: number): Promise<void> {
    try {
      const { Id, State } = await this.inspect(id)
      if (State.Pid > 0) await this.#options.engine.stop(Id, timeout)
    } catch (error) {
      if (!isCriCode(error, 'NotFound')) throw error
    }
  }

  async remove(id: string): Promise<void> {
    const { engine, logs } = this.#options
    try {
      const { Id } = await this.inspect(id)
      await engine.json(`/containers/${Id}`, { method: 'DELETE', query: { v: 1, force: 1 } })
      logs.forget(Id)
    } catch (error) {
      if (!isCriCode(error, 'NotFound')) throw error
    }
  }

  async #start(id: string): Promise<void> {
    const { engine } = this.#options
    const inspected = await this.inspect(id)
    await engine.json(`/containers/${inspected.Id}/start`, { method: 'POST' })
    this.#options.logs.follow(inspected.Id, logTargetOf(inspected))
  }

  async #createIn(
    sandboxId: string,
    config: ContainerConfig | undefined,
    sandbox: PodSandboxConfig | undefined,
  ): Promise<string> {
    if (!config?.metadata || !config.image || !sandbox?.metadata) {
      throw new CriError(
        'InvalidArgument',
        'a container needs metadata, image and sandbox',
        'CreateContainer',
      )
    }
    const image = await this.#options.engine.json<InspectedImage>(`/images/${config.image.image}/json`)
    const { name, namespace, uid } = sandbox.metadata
    const state: ContainerState = {
      kind: 'container',
      sandboxId,
      metadata: config.metadata,
      createdAt: nowInNanoseconds(),
      labels: config.labels,
      annotations: config.annotations,
      logPath: config.logPath && sandbox.logDirectory ? join(sandbox.logDirectory, config.logPath) : '',
      image: config.image.image,
      userSpecifiedImage: config.image.userSpecifiedImage,
      imageRef: image.RepoDigests?.[0] ?? image.Id,
      mounts: config.mounts,
    }
    await Promise.all(config.mounts.map(({ hostPath }) => provideSource(hostPath)))
    return this.create(
      `k8s_${config.metadata.name}_${name}_${namespace}_${uid}_${config.metadata.attempt}`,
      await this.#body(config, sandbox, state),
    )
  }

  async #body(config: ContainerConfig, sandbox: PodSandboxConfig, state: ContainerState): Promise<object> {
    const { limits } = this.#options
    const security = config.linux?.securityContext
    const resources = config.linux?.resources
    const user = userOf(security ?? {})
    const privileges = await securityOptions(security ?? {}, limits)
    const signal = Object.entries(Signal).find(([, number]) => number === config.stopSignal)
    return {
      Image: state.image,
      ...(config.command.length > 0 && { Entrypoint: config.command }),
      ...(config.args.length > 0 && { Cmd: config.args }),
      ...(config.workingDir && { WorkingDir: config.workingDir }),
      ...(user && { User: user }),
      ...(config.stopSignal !== Signal.RUNTIME_DEFAULT && signal && { StopSignal: signal[0] }),
      Env: config.envs.map(({ key, value }) => `${key}=${Buffer.from(value).toString()}`),
      OpenStdin: config.stdin,
      StdinOnce: config.stdinOnce,
      Tty: config.tty,
      // Probes are Kubernetes' business.
      Healthcheck: { Test: ['NONE'] },
      Labels: toLabels(state),
      HostConfig: {
        ...privileges,
        ...joinSandbox(state.sandboxId, security?.namespaceOptions ?? {}),
        ...resourceOptions(resources ?? {}),
        OomScoreAdj: allowedOomScore(resources?.oomScoreAdj ?? 0, limits),
        ...(sandbox.linux?.cgroupParent && { CgroupParent: sandbox.linux.cgroupParent }),
        Mounts: config.mounts.map(engineMount),
        Devices: [
          ...((privileges.Devices as object[] | undefined) ?? []),
          ...config.devices.map(({ hostPath, containerPath, permissions }) => ({
            PathOnHost: hostPath,
            PathInContainer: containerPath,
            CgroupPermissions: permissions,
          })),
        ],
        // Read back for the log of CRI, and kept only as long as that may take.
        LogConfig: { Type: 'json-file', Config: { 'max-size': '32m', 'max-file': '2' } },
      },
    }
  }

  /** One that could not be started stays in the engine's state "created" for ever, yet has ended. */
  async #stateOfCreated(id: string): Promise<CriState> {
    try {
      return statusOf(await this.inspect(id)).state
    } catch (error) {
      if (isCriCode(error, 'NotFound')) return CriState.CONTAINER_UNKNOWN
      throw error
    }
  }
}

/** Where its log goes. */
export function logTargetOf({ Id, Config }: InspectedContainer): LogTarget {
  return { path: fromLabels('container', Id, Config.Labels).logPath, tty: Config.Tty }
}

/** A directory, where nothing is: so do the other runtimes. */
async function provideSource(path: string): Promise<void> {
  try {
    await stat(path)
  } catch {
    await mkdir(path, { recursive: true, mode: 0o755 })
  }
}

const propagations: Record<MountPropagation, string> = {
  [MountPropagation.PROPAGATION_PRIVATE]: 'rprivate',
  [MountPropagation.PROPAGATION_HOST_TO_CONTAINER]: 'rslave',
  [MountPropagation.PROPAGATION_BIDIRECTIONAL]: 'rshared',
}

function engineMount({ hostPath, containerPath, readonly, propagation }: Mount): object {
  return {
    Type: 'bind',
    Source: hostPath,
    Target: containerPath,
    ReadOnly: readonly,
    BindOptions: { Propagation: propagations[propagation] },
  }
}

function criState(engineState: string): CriState {
  if (engineState === 'created') return CriState.CONTAINER_CREATED
  if (engineState === 'running' || engineState === 'paused') return CriState.CONTAINER_RUNNING
  return engineState === 'exited' || engineState === 'dead' || engineState === 'removing'
    ? CriState.CONTAINER_EXITED
    : CriState.CONTAINER_UNKNOWN
}

function shown({ metadata, sandboxId, createdAt, labels, annotations, ...state }: ContainerState) {
  const { image, userSpecifiedImage, imageRef } = state
  return {
    podSandboxId: sandboxId,
    metadata,
    createdAt,
    labels,
    annotations,
    imageRef,
    image: { image, userSpecifiedImage },
  }
}

function statusOf({ Id, Image, State, Config }: InspectedContainer) {
  const own = fromLabels('container', Id, Config.Labels)
  const { podSandboxId: _, ...common } = shown(own)
  const failed = State.Status === 'created' && State.ExitCode !== 0
  const state = failed ? CriState.CONTAINER_EXITED : criState(State.Status)
  const ended = state === CriState.CONTAINER_EXITED
  const finishedAt = failed ? own.createdAt : nanoseconds(State.FinishedAt)
  // The engine looks at its clock after the start: a short process had ended by then.
  const startedAt = ended ? Math.min(nanoseconds(State.StartedAt), finishedAt) : nanoseconds(State.StartedAt)
  return {
    ...common,
    id: Id,
    imageId: Image,
    state,
    startedAt: failed ? own.createdAt : startedAt,
    ...(ended && { finishedAt, exitCode: State.ExitCode, reason: reasonOf(State, failed) }),
    message: State.Error,
    mounts: own.mounts,
    logPath: own.logPath,
  }
}

function reasonOf({ OOMKilled, ExitCode }: InspectedContainer['State'], failed: boolean): string {
  if (failed) return 'ContainerCannotRun'
  if (OOMKilled) return 'OOMKilled'
  return ExitCode === 0 ? 'Completed' : 'Error'
}
