import { writeFile } from 'node:fs/promises'
import { CriError, isCriCode } from '../cri-error.ts'
import {
  type DNSConfig,
  NamespaceMode,
  type PodSandboxConfig,
  type PodSandboxFilter,
  PodSandboxState,
  type PodSandboxStatus,
  Protocol,
} from '../generated/runtime-v1.ts'
import type { CriHandlers } from '../serve.ts'
import type { Cni, CniSubject } from './cni.ts'
import type { Containers } from './containers.ts'
import type { Engine } from './engine.ts'
import type { InspectedContainer, ListedContainer } from './engine-types.ts'
import { allowedOomScore, type ProcessLimits } from './process-limits.ts'
import { securityOptions, userOf } from './security.ts'
import { fromLabels, kindLabel, matches, type SandboxState, toLabels } from './state-label.ts'
import { nanoseconds, nowInNanoseconds } from './time.ts'

/** Of a process that holds nothing but namespaces; upstream's number. */
const sandboxOomScore = -998

const protocolNames: Record<number, string> = {
  [Protocol.TCP]: 'tcp',
  [Protocol.UDP]: 'udp',
  [Protocol.SCTP]: 'sctp',
}

export interface SandboxesOptions {
  engine: Engine
  cni: Cni
  containers: Containers
  limits: ProcessLimits
  sandboxImage: string
}

/** Pods' sandboxes: a container each that does nothing, whose network and IPC namespaces the pod's containers share. */
export class Sandboxes {
  readonly #options: SandboxesOptions

  constructor(options: SandboxesOptions) {
    this.#options = options
  }

  handlers(): CriHandlers {
    return {
      runPodSandbox: async ({ config, runtimeHandler }) => ({
        podSandboxId: await this.#run(config, runtimeHandler),
      }),
      stopPodSandbox: async ({ podSandboxId }) => {
        await this.#stop(podSandboxId)
        return {}
      },
      removePodSandbox: async ({ podSandboxId }) => {
        await this.#remove(podSandboxId)
        return {}
      },
      podSandboxStatus: async ({ podSandboxId, verbose }) => {
        const inspected = await this.#inspect(podSandboxId)
        return {
          status: await this.#status(inspected),
          ...(verbose && { info: { info: JSON.stringify({ pid: inspected.State.Pid }) } }),
        }
      },
      listPodSandbox: async ({ filter }) => ({ items: await this.list(filter) }),
    }
  }

  /**
   * The process that holds the namespaces.
   * @throws CriError NotFound
   */
  async pidOf(id: string): Promise<number> {
    const { State } = await this.#inspect(id)
    if (State.Pid === 0) throw new CriError('NotFound', `sandbox ${id} is not running`, 'PortForward')
    return State.Pid
  }

  async list(filter: PodSandboxFilter | undefined) {
    const listed = await this.#options.engine.json<ListedContainer[]>('/containers/json', {
      query: { all: 1, filters: JSON.stringify({ label: [`${kindLabel}=sandbox`] }) },
    })
    return listed
      .map(({ Id, State, Labels }) => {
        const state = fromLabels('sandbox', Id, Labels)
        return { id: Id, ...shown(state), state: readiness(State) }
      })
      .filter(
        ({ id, state, labels }) =>
          (!filter?.id || id.startsWith(filter.id)) &&
          (!filter?.state || state === filter.state.state) &&
          matches(filter?.labelSelector ?? {}, labels),
      )
  }

  async #run(config: PodSandboxConfig | undefined, runtimeHandler: string): Promise<string> {
    const { engine, cni } = this.#options
    if (!config?.metadata) throw new CriError('InvalidArgument', 'a sandbox needs metadata', 'RunPodSandbox')
    if (runtimeHandler !== '') {
      throw new CriError(
        'InvalidArgument',
        `no runtime for "${runtimeHandler}" is configured`,
        'RunPodSandbox',
      )
    }
    const state = stateOf(config, config.metadata)
    const { name, namespace, uid, attempt } = config.metadata
    const id = await this.#options.containers.create(
      `k8s_POD_${name}_${namespace}_${uid}_${attempt}`,
      await this.#body(config, state),
    )
    try {
      await engine.json(`/containers/${id}/start`, { method: 'POST' })
      const inspected = await this.#inspect(id)
      if (config.dnsConfig) await writeFile(inspected.ResolvConfPath, resolvConf(config.dnsConfig))
      if (!onHostNetwork(state)) await cni.add(subject(inspected, state))
    } catch (error) {
      await this.#remove(id).catch(() => {})
      throw error
    }
    return id
  }

  async #body(config: PodSandboxConfig, state: SandboxState): Promise<object> {
    const { limits, sandboxImage } = this.#options
    const linux = config.linux
    const security = linux?.securityContext
    const user = userOf(security ?? {})
    return {
      Image: sandboxImage,
      ...(config.hostname && { Hostname: config.hostname }),
      ...(user && { User: user }),
      Labels: toLabels(state),
      HostConfig: {
        ...(await securityOptions({ ...security, privileged: false, noNewPrivs: true }, limits)),
        ...(linux?.cgroupParent && { CgroupParent: linux.cgroupParent }),
        NetworkMode: onHostNetwork(state) ? 'host' : 'none',
        UTSMode: onHostNetwork(state) ? 'host' : '',
        IpcMode: state.namespaces.ipc === NamespaceMode.NODE ? 'host' : 'shareable',
        PidMode: state.namespaces.pid === NamespaceMode.NODE ? 'host' : '',
        Sysctls: linux?.sysctls ?? {},
        CpuShares: 2,
        OomScoreAdj: allowedOomScore(sandboxOomScore, limits),
        LogConfig: { Type: 'none' },
      },
    }
  }

  /** Idempotent; what is not there has been stopped. */
  async #stop(id: string): Promise<void> {
    const { engine, cni, containers } = this.#options
    let inspected: InspectedContainer
    try {
      inspected = await this.#inspect(id)
    } catch (error) {
      if (isCriCode(error, 'NotFound')) return
      throw error
    }
    await Promise.all(
      (await containers.ofSandbox(inspected.Id)).map((container) => containers.stop(container, 0)),
    )
    await cni.remove(subject(inspected, fromLabels('sandbox', id, inspected.Config.Labels)))
    if (inspected.State.Pid > 0) await engine.stop(inspected.Id, 0)
  }

  async #remove(id: string): Promise<void> {
    const { engine, containers } = this.#options
    await this.#stop(id)
    try {
      const { Id } = await this.#inspect(id)
      await Promise.all((await containers.ofSandbox(Id)).map((container) => containers.remove(container)))
      await engine.json(`/containers/${Id}`, { method: 'DELETE', query: { v: 1, force: 1 } })
    } catch (error) {
      if (!isCriCode(error, 'NotFound')) throw error
    }
  }

  async #inspect(id: string): Promise<InspectedContainer> {
    const inspected = await this.#options.engine.json<InspectedContainer>(`/containers/${id}/json`)
    fromLabels('sandbox', id, inspected.Config.Labels)
    return inspected
  }

  async #status({ Id, Config, State }: InspectedContainer): Promise<Partial<PodSandboxStatus>> {
    const state = fromLabels('sandbox', Id, Config.Labels)
    const [ip = '', ...more] = onHostNetwork(state) ? [] : await this.#options.cni.addresses(Id)
    return {
      id: Id,
      ...shown(state),
      state: readiness(State.Status),
      createdAt: state.createdAt || nanoseconds(State.StartedAt),
      network: { ip, additionalIps: more.map((one) => ({ ip: one })) },
      linux: { namespaces: { options: namespaceOptions(state) } },
    }
  }
}

function namespaceOptions({ namespaces }: SandboxState) {
  const { network, pid, ipc, targetId = '' } = namespaces
  return {
    network: network ?? NamespaceMode.POD,
    pid: pid ?? NamespaceMode.POD,
    ipc: ipc ?? NamespaceMode.POD,
    targetId,
  }
}

function stateOf(config: PodSandboxConfig, metadata: SandboxState['metadata']): SandboxState {
  return {
    kind: 'sandbox',
    metadata,
    createdAt: nowInNanoseconds(),
    labels: config.labels,
    annotations: config.annotations,
    logDirectory: config.logDirectory,
    runtimeHandler: '',
    namespaces: config.linux?.securityContext?.namespaceOptions ?? {},
    portMappings: config.portMappings
      .filter(({ hostPort }) => hostPort > 0)
      .map(({ protocol, containerPort, hostPort, hostIp }) => ({
        protocol: protocolNames[protocol] ?? 'tcp',
        containerPort,
        hostPort,
        hostIP: hostIp,
      })),
  }
}

function shown({ metadata, createdAt, labels, annotations, runtimeHandler }: SandboxState) {
  return { metadata, createdAt, labels, annotations, runtimeHandler }
}

function onHostNetwork({ namespaces }: SandboxState): boolean {
  return namespaces.network === NamespaceMode.NODE
}

function readiness(engineState: string): PodSandboxState {
  return engineState === 'running' ? PodSandboxState.SANDBOX_READY : PodSandboxState.SANDBOX_NOTREADY
}

function subject({ Id, State }: InspectedContainer, state: SandboxState): CniSubject {
  const { name, namespace, uid } = state.metadata
  return {
    id: Id,
    netns: State.Pid > 0 ? `/proc/${State.Pid}/ns/net` : '',
    namespace,
    name,
    uid,
    portMappings: state.portMappings,
  }
}

function resolvConf({ servers, searches, options }: DNSConfig): string {
  const lines = servers.map((server) => `nameserver ${server}`)
  if (searches.length > 0) lines.unshift(`search ${searches.join(' ')}`)
  if (options.length > 0) lines.push(`options ${options.join(' ')}`)
  return `${lines.join('\n')}\n`
}
