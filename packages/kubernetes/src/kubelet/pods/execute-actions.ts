import type { Container, Secret } from '../../api/types/core-v1.ts'
import type { ContainerKiller } from '../containers/container-killer.ts'
import type { ContainerStarter } from '../containers/container-starter.ts'
import type { DeadContainers } from '../containers/dead-containers.ts'
import type { PodRecord } from '../containers/pod-record.ts'
import type { SandboxMaker } from '../containers/sandbox-maker.ts'
import { StartError } from '../containers/start-error.ts'
import type { PodEvents } from '../events/pod-events.ts'
import type { PodActions } from './compute-actions.ts'
import { isSidecar, type NodePod } from './node-pod.ts'

export interface ExecutionResult {
  /** Something was made, ended or removed: the record is out of date. */
  changed: boolean
  /** Names of the containers that a start was tried of, with why it failed. */
  starts: Map<string, StartError | undefined>
  /** What kept the rest from being done. */
  error?: Error
}

export interface ExecutorOptions {
  events: PodEvents
  sandboxes: SandboxMaker
  starter: ContainerStarter
  killer: ContainerKiller
  dead: DeadContainers
  runtimeHandler(pod: NodePod): Promise<string>
}

interface Sandbox {
  id: string
  ips: string[]
  attempt: number
}

/** Does what {@link PodActions} say, through the runtime. */
export class ActionExecutor {
  private readonly options: ExecutorOptions

  constructor(options: ExecutorOptions) {
    this.options = options
  }

  async execute(
    pod: NodePod,
    record: PodRecord,
    actions: PodActions,
    pullSecrets: readonly Secret[],
    signal: AbortSignal,
  ): Promise<ExecutionResult> {
    const result: ExecutionResult = { changed: false, starts: new Map() }
    try {
      await this.takeDown(pod, record, actions, result, signal)
      const toStart =
        actions.ephemeralContainersToStart.length +
        actions.initContainersToStart.length +
        actions.containersToStart.length
      if (!actions.createSandbox && toStart === 0) return result
      const sandbox = await this.sandbox(pod, record, actions, result)
      if (toStart > 0) await this.startAll(pod, record, actions, sandbox, pullSecrets, result, signal)
    } catch (error) {
      result.error = error as Error
    }
    return result
  }

  private async takeDown(
    pod: NodePod,
    record: PodRecord,
    actions: PodActions,
    result: ExecutionResult,
    signal: AbortSignal,
  ): Promise<void> {
    const { events, killer, dead } = this.options
    if (actions.createSandbox && actions.sandboxId !== '') {
      events.pod(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
    }
    if (actions.killPod) {
      const alive = record.containers.some(({ state }) => state === 'running' || state === 'unknown')
      const ready = record.sandboxes.some((sandbox) => sandbox.ready)
      if (alive || ready) {
        result.changed = true
        await killer.killPod(pod, record, { signal })
      }
      if (actions.createSandbox) result.changed = (await this.purgeInit(pod, record)) || result.changed
      return
    }
    const [podIP = ''] = record.ips
    for (const { record: container, message, reason } of actions.containersToKill) {
      result.changed = true
      await killer.kill(pod, container, podIP, { message, reason, signal })
    }
    for (const { record: container, kill } of actions.containersToReset) {
      result.changed = true
      if (kill) {
        const options = { message: 'killing', reason: 'restartAll' as const, gracePeriod: 0, signal }
        await killer.kill(pod, container, podIP, options)
      }
      await dead.remove(record, container, true)
    }
  }

  /** In a new sandbox initialisation starts over. */
  private async purgeInit(pod: NodePod, record: PodRecord): Promise<boolean> {
    const names = new Set(pod.spec.initContainers?.map(({ name }) => name))
    const old = record.containers.filter(({ name }) => names.has(name))
    for (const container of old) await this.options.dead.remove(record, container)
    if (old.length > 0) record.containers = record.containers.filter(({ name }) => !names.has(name))
    return old.length > 0
  }

  private async sandbox(
    pod: NodePod,
    record: PodRecord,
    actions: PodActions,
    result: ExecutionResult,
  ): Promise<Sandbox> {
    const { attempt } = actions
    if (!actions.createSandbox) return { id: actions.sandboxId, ips: record.ips, attempt }
    result.changed = true
    return { ...(await this.options.sandboxes.create(pod, attempt)), attempt }
  }

  private async startAll(
    pod: NodePod,
    record: PodRecord,
    actions: PodActions,
    { id, ips, attempt }: Sandbox,
    pullSecrets: readonly Secret[],
    result: ExecutionResult,
    signal: AbortSignal,
  ): Promise<void> {
    const { sandboxes, starter } = this.options
    const config = await sandboxes.config(pod, attempt)
    const handler = await this.options.runtimeHandler(pod)
    const start = async (container: Container, targetName?: string): Promise<boolean> => {
      if (signal.aborted) return false
      const request = {
        pod,
        container,
        record,
        sandbox: { id, ips, config, handler },
        pullSecrets,
        ...(targetName && { targetName }),
        signal,
      }
      try {
        await starter.start(request)
        result.starts.set(container.name, undefined)
        result.changed = true
        return true
      } catch (error) {
        if (signal.aborted) return false
        // Containers may have been made before it went wrong.
        result.changed = true
        const failure =
          error instanceof StartError ? error : new StartError('RunContainerError', (error as Error).message)
        result.starts.set(container.name, failure)
        return false
      }
    }
    for (const index of actions.ephemeralContainersToStart) {
      const container = pod.spec.ephemeralContainers![index]!
      await start(container as Container, container.targetContainerName)
    }
    for (const index of actions.initContainersToStart) {
      const container = pod.spec.initContainers![index]!
      // The next ones wait for one that must finish; a sidecar that fails is tried again by itself.
      if (!(await start(container)) && !isSidecar(container)) return
    }
    for (const index of actions.containersToStart) await start(pod.spec.containers[index]!)
  }
}
