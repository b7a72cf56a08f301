import { CgroupDriver, ContainerEventType, ContainerState } from '../generated/runtime-v1.ts'
import type { CriHandlers } from '../serve.ts'
import type { StreamTarget } from '../stream-target.ts'
import { Cni, type CniOptions } from './cni.ts'
import { Containers, logTargetOf } from './containers.ts'
import { Engine } from './engine.ts'
import type { EngineEvent, EngineInfo } from './engine-types.ts'
import { Events } from './events.ts'
import { Execs } from './exec.ts'
import { Images } from './images.ts'
import { Logs } from './logs.ts'
import { readProcessLimits } from './process-limits.ts'
import { Sandboxes } from './sandboxes.ts'
import { kindLabel } from './state-label.ts'
import { Stats } from './stats.ts'
import { DockerStreams } from './streams.ts'

export interface DockerCriOptions {
  /** The engine's unix socket; nothing else is to make containers in it that look like ours. */
  engineSocket: string
  cni: CniOptions
  /** Must be there when the first sandbox is run. */
  sandboxImage: string
  /** A log could not be written any further. */
  onLogError(containerId: string, error: unknown): void
}

export interface DockerCri {
  /** Without exec, attach and portForward, which are for whoever serves `streams`. */
  handlers: CriHandlers
  streams: StreamTarget
  /** Resolves when the engine has ended: a new instance is needed then. */
  ended: Promise<void>
  close(): Promise<void>
}

const eventTypes: Record<string, ContainerEventType> = {
  create: ContainerEventType.CONTAINER_CREATED_EVENT,
  start: ContainerEventType.CONTAINER_STARTED_EVENT,
  die: ContainerEventType.CONTAINER_STOPPED_EVENT,
  destroy: ContainerEventType.CONTAINER_DELETED_EVENT,
}

/**
 * CRI v1 over Docker's Engine API (20.10 to 28). All state is the engine's, but for CNI's results and the logs' files; both
 * are taken up again by the next instance.
 */
export async function openDockerCri(options: DockerCriOptions): Promise<DockerCri> {
  const engine = new Engine(options.engineSocket)
  const events = await Events.open(engine)
  const limits = readProcessLimits()
  const { sandboxImage } = options
  const logs = new Logs(engine, options.onLogError)
  const cni = new Cni(options.cni)
  const containers = new Containers({ engine, logs, limits })
  const sandboxes = new Sandboxes({ engine, cni, containers, limits, sandboxImage })
  const execs = new Execs(engine, containers, events)
  await resumeLogs(containers, logs)
  const eventOf = ({ Action, Actor, timeNano }: EngineEvent) => ({
    containerId: Actor.ID,
    containerEventType: eventTypes[Action]!,
    createdAt: timeNano,
  })
  return {
    streams: new DockerStreams({ engine, containers, sandboxes, execs }),
    ended: events.ended,
    async close() {
      events.close()
      await logs.close()
      engine.close()
    },
    handlers: {
      ...sandboxes.handlers(),
      ...containers.handlers(),
      ...execs.handlers(),
      ...new Images(engine, sandboxImage).handlers(),
      ...new Stats(engine, containers).handlers(),
      version: async () => ({
        version: '0.1.0',
        runtimeName: 'docker',
        runtimeVersion: (await engine.json<{ Version: string }>('/version')).Version,
        runtimeApiVersion: 'v1',
      }),
      status: async ({ verbose }) => ({
        status: { conditions: [await runtimeCondition(engine), await networkCondition(cni)] },
        runtimeHandlers: [{ name: '' }],
        ...(verbose && { info: { config: JSON.stringify({ sandboxImage }) } }),
      }),
      runtimeConfig: async () => {
        const { CgroupDriver: driver } = await engine.json<EngineInfo>('/info')
        return {
          linux: { cgroupDriver: driver === 'systemd' ? CgroupDriver.SYSTEMD : CgroupDriver.CGROUPFS },
        }
      },
      // The network of pods is for who runs them; nothing here depends on it.
      updateRuntimeConfig: async () => ({}),
      async *getContainerEvents(_request, signal) {
        for await (const event of events.follow(signal)) {
          const isOurs = event.Actor.Attributes[kindLabel] !== undefined
          if (!isOurs || eventTypes[event.Action] === undefined) continue
          yield eventOf(event)
        }
      },
    },
  }
}

/** Goes on with the logs of all containers, ended ones too: they may have written more than anybody had read. */
async function resumeLogs(containers: Containers, logs: Logs): Promise<void> {
  for (const { id, state } of await containers.list(undefined)) {
    if (state === ContainerState.CONTAINER_CREATED) continue
    logs.follow(id, logTargetOf(await containers.inspect(id)))
  }
}

async function runtimeCondition(engine: Engine) {
  try {
    await engine.json('/version')
    return { type: 'RuntimeReady', status: true }
  } catch (error) {
    return { type: 'RuntimeReady', status: false, reason: 'DockerDaemonNotReady', message: String(error) }
  }
}

async function networkCondition(cni: Cni) {
  try {
    await cni.network()
    return { type: 'NetworkReady', status: true }
  } catch (error) {
    return {
      type: 'NetworkReady',
      status: false,
      reason: 'NetworkPluginNotReady',
      message: (error as Error).message,
    }
  }
}
