import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { criOver } from '@minikube-ts/cri/connect.ts'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { GrpcChannel } from '@minikube-ts/cri/grpc/channel.ts'
import type { Node, NodeStatus, Pod, Service } from '../api/types/core-v1.ts'
import type { RuntimeClass } from '../api/types/node-v1.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event-recorder.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import { nodes, pods, runtimeClasses, services } from '../client/resources.ts'
import type { Logger } from '../log.ts'
import type { NodeConfig } from '../node-config.ts'
import { PodCgroups } from './cgroups/pod-cgroups.ts'
import { ContainerKiller } from './containers/container-killer.ts'
import { ContainerStarter } from './containers/container-starter.ts'
import { DeadContainers } from './containers/dead-containers.ts'
import { listPodsOfRuntime } from './containers/list-pods-of-runtime.ts'
import { podLogsDirectory } from './containers/log-paths.ts'
import type { NodeFacts } from './containers/node-facts.ts'
import type { PodRecord } from './containers/pod-record.ts'
import { SandboxMaker } from './containers/sandbox-maker.ts'
import { UserNamespaces } from './containers/user-namespaces.ts'
import { PodEvents } from './events/pod-events.ts'
import { Housekeeping } from './housekeeping/housekeeping.ts'
import { ImagePuller } from './images/image-puller.ts'
import { removeOrphanedLogs } from './logs/orphaned-logs.ts'
import { readMachine } from './node/machine.ts'
import { NodeAgent } from './node/node-agent.ts'
import { fixedStatus } from './node/node-status.ts'
import { RuntimeState } from './node/runtime-state.ts'
import { ObjectCache } from './objects/object-cache.ts'
import { Allocations } from './pods/allocations.ts'
import { ActionExecutor } from './pods/execute-actions.ts'
import { MirrorPods } from './pods/mirror-pods.ts'
import type { NodePod } from './pods/node-pod.ts'
import { PodManager } from './pods/pod-manager.ts'
import { PodSteps } from './pods/pod-steps.ts'
import { AppliedResources } from './pods/resize-actions.ts'
import { watchRuntime } from './pods/runtime-watch.ts'
import { StaticPods } from './pods/static-pods.ts'
import { ProbeManager } from './probes/probe-manager.ts'
import type { KubeletServerSource } from './server/kubelet-server-source.ts'
import { type KubeletServer, startKubeletServer } from './server/start-kubelet-server.ts'
import { StartReasons } from './status/reasons.ts'
import { StatusManager } from './status/status-manager.ts'
import { TokenSource } from './volumes/token-source.ts'
import { VolumeManager } from './volumes/volume-manager.ts'
import { VolumePaths } from './volumes/volume-paths.ts'

export interface KubeletOptions {
  config: NodeConfig
  log: Logger
  /** Absent on a node without a control plane: static pods only. */
  api?: { client: Client; informers: InformerFactory; recorder: EventRecorder }
  /** A pod has got an address; its containers start when this resolves. */
  onAddress?: (pod: NodePod, ip: string) => Promise<void>
}

const silentRecorder: EventRecorder = { event() {} }

/**
 * The agent of a node: runs the pods that the API assigns to it and those of its static pods directory, through CRI. This
 * class puts the rooms together; what they do is in them.
 */
export class Kubelet {
  readonly config: NodeConfig
  readonly cri: CriClient
  readonly pods: PodManager
  readonly statuses: StatusManager
  readonly runtime: RuntimeState
  readonly facts: NodeFacts
  readonly volumes: VolumeManager
  readonly cgroups: PodCgroups
  private readonly options: KubeletOptions
  private readonly log: Logger
  private readonly channel: GrpcChannel
  private readonly stopping = new AbortController()
  private readonly statics: StaticPods
  private readonly dead: DeadContainers
  private readonly steps: PodSteps
  private readonly probes: ProbeManager
  private readonly applied = new AppliedResources()
  private readonly runtimeInfo: { name: string; version: string }
  private readonly fixed: NodeStatus
  private readonly housekeeping: Housekeeping
  private agent: NodeAgent | undefined
  private server: Promise<KubeletServer> | undefined
  private followed = false

  private constructor(
    options: KubeletOptions,
    channel: GrpcChannel,
    cri: CriClient,
    runtimeInfo: { name: string; version: string },
    fixed: NodeStatus,
    memoryCapacity: number,
  ) {
    const { config, log, api } = options
    this.options = options
    this.config = config
    this.log = log
    this.channel = channel
    this.cri = cri
    this.runtimeInfo = runtimeInfo
    this.fixed = fixed
    this.runtime = new RuntimeState(cri, () => this.runtimeChanged())
    const events = new PodEvents(api?.recorder ?? silentRecorder)
    const paths = new VolumePaths(config.rootDir)
    const wake = (uid: string): void => this.pods.wake(uid)
    const objects =
      api && new ObjectCache({ client: api.client, log, signal: this.stopping.signal, onChange: wake })
    const reasons = new StartReasons()
    const allocations = new Allocations()
    const userNamespaces: UserNamespaces = new UserNamespaces({
      supports: (...of) => this.runtime.supports(...of),
    })
    const runtimeHandler = (pod: NodePod): Promise<string> => this.runtimeHandler(pod)
    const containerLogsDir = join(config.podLogsDir, '..', 'containers')
    this.facts = this.nodeFacts(memoryCapacity)
    this.volumes = new VolumeManager({
      paths,
      objects: objects ?? { configMap: async () => undefined, secret: async () => undefined },
      tokens: new TokenSource(api?.client, wake),
      client: api?.client,
      allocatable: () => this.facts.allocatable(),
      addresses: (pod) => ({
        podIPs: this.pods.worker(pod.metadata.uid)?.record?.ips ?? [],
        hostIP: config.nodeIP,
      }),
    })
    this.cgroups = new PodCgroups({ root: config.cgroupRoot, driver: config.cgroupDriver })
    this.dead = new DeadContainers(cri, containerLogsDir)
    this.statuses = new StatusManager({
      client: api?.client,
      log: log.child('status'),
      apiPod: (uid) => this.pods.apiPodOf(uid),
      couldBeRunning: (uid) => this.pods.couldBeRunning(uid),
    })
    const killer = new ContainerKiller(cri, events)
    const sandboxes = new SandboxMaker({
      cri,
      facts: this.facts,
      events,
      volumes: this.volumes,
      userNamespaces,
      podLogsDir: config.podLogsDir,
      cgroupParent: (pod) => this.cgroups.parent(pod),
      runtimeHandler,
      onAddress: options.onAddress ?? (async () => {}),
    })
    const starter = new ContainerStarter({
      cri,
      facts: this.facts,
      events,
      objects: this.volumes.context.objects,
      images: new ImagePuller(cri),
      volumes: this.volumes,
      sandboxes,
      killer,
      podLogsDir: config.podLogsDir,
      containerLogsDir,
      seccompRoot: join(config.rootDir, 'seccomp'),
      onCreated: (pod, { resources }, id) => {
        this.applied.set(id, resources ?? {})
        this.pods.owns(pod.metadata.uid, id)
      },
    })
    const mirrors = new MirrorPods({ client: api?.client, log, node: () => this.agent?.node })
    this.probes = new ProbeManager({ cri, events, onChange: (uid, type) => this.probed(uid, type) })
    this.steps = new PodSteps({
      cri,
      runtimeName: runtimeInfo.name,
      log: log.child('pods'),
      facts: this.facts,
      events,
      statuses: this.statuses,
      probes: this.probes,
      reasons,
      objects,
      volumes: this.volumes,
      cgroups: this.cgroups,
      executor: new ActionExecutor({ events, sandboxes, starter, killer, dead: this.dead, runtimeHandler }),
      killer,
      dead: this.dead,
      userNamespaces,
      allocations,
      applied: this.applied,
      runtimeHandler,
      networkProblem: () => this.runtime.networkProblem(),
      mirror: (pod) => this.pods.ensureMirror(pod),
      onRecord: (record) => this.pods.recordRead(record),
      onFinished: (worker) => this.pods.finished(worker),
    })
    this.pods = new PodManager({
      log: log.child('pods'),
      events,
      statuses: this.statuses,
      mirrors,
      allocations,
      steps: this.steps,
      node: () => this.agent?.node,
      forget: (record, pod) => this.forget(record, pod),
    })
    this.housekeeping = new Housekeeping({
      config,
      cri,
      source: this.source(),
      events,
      nodeEvent: (...event) => this.agent?.event(...event),
      terminate: (uid, request) => this.pods.worker(uid)?.terminate(request),
      onPressure: () => this.agent?.changed(),
      log: log.child('housekeeping'),
    })
    this.statics = new StaticPods({
      directory: config.staticPodsDir,
      nodeName: config.nodeName,
      log,
      onChange: (found) => this.pods.setStatic(found),
    })
  }

  /** Looks at the machine and its runtime, and prepares directories and cgroups. @throws Error when the node cannot work */
  static async create(options: KubeletOptions): Promise<Kubelet> {
    const { config } = options
    const channel = new GrpcChannel(config.criSocket)
    const cri = criOver(channel)
    await mkdir(config.rootDir, { recursive: true, mode: 0o750 })
    const [{ runtimeName, runtimeVersion }, machine] = await Promise.all([
      cri.version({}),
      readMachine(config.rootDir),
      mkdir(config.podLogsDir, { recursive: true, mode: 0o755 }),
      mkdir(join(config.podLogsDir, '..', 'containers'), { recursive: true, mode: 0o755 }),
    ])
    const runtime = { name: runtimeName, version: runtimeVersion.replace(/^v/, '') }
    const kubelet = new Kubelet(
      options,
      channel,
      cri,
      runtime,
      fixedStatus(config, machine, runtime),
      machine.memory,
    )
    await Promise.all([kubelet.volumes.start(), kubelet.cgroups.start(), kubelet.runtime.check()])
    return kubelet
  }

  /** Resolves when the node is registered and pods are being worked on. */
  async start(): Promise<void> {
    const { api } = this.options
    watchRuntime({
      cri: this.cri,
      channel: this.channel,
      runtimeName: this.runtimeInfo.name,
      pods: this.pods,
      state: this.runtime,
      log: this.log,
      signal: this.stopping.signal,
      onImages: () => this.agent?.imagesChanged(),
    })
    this.server = startKubeletServer({
      config: this.config,
      cri: this.cri,
      client: api?.client,
      source: this.source(),
      log: this.log,
    })
    await Promise.all([this.server, this.work()])
  }

  private async work(): Promise<void> {
    const { api } = this.options
    await this.housekeeping.start()
    // These need no control plane; they may be one.
    await this.statics.start()
    if (api) await this.join(api)
    await this.adopt()
  }

  /** What the server and the housekeeping see of this kubelet. */
  source(): KubeletServerSource {
    const { pods, statuses, cgroups } = this
    return {
      pods: () => pods.list(),
      pod: (namespace, name) => pods.byName(namespace, name)?.pod,
      status: (uid) => statuses.get(uid),
      onStatus: (listener) => statuses.onChange(listener),
      cgroupOf: (pod) => cgroups.path(pod),
    }
  }

  /** Becomes part of the cluster. */
  private async join({ client, informers, recorder }: NonNullable<KubeletOptions['api']>): Promise<void> {
    const { config, log, cri, runtime, fixed } = this
    const signal = this.stopping.signal
    const scope = { fieldSelector: `spec.nodeName=${config.nodeName}` }
    const assigned = informers.informer<Pod>(pods, scope)
    informers.informer<Service>(services)
    this.agent = new NodeAgent({
      config,
      client,
      cri,
      runtime,
      pressure: () => this.housekeeping.pressure,
      fixed,
      recorder,
      log: log.child('node'),
      signal,
    })
    await this.agent.register()
    // Now there is an owner for their pictures in the API.
    for (const { metadata } of this.pods.list()) this.pods.wake(metadata.uid)
    const self = informers.informer<Node>(nodes, { fieldSelector: `metadata.name=${config.nodeName}` })
    self.listen(({ current }) => current && this.agent?.seen(current))
    await this.pods.follow(assigned)
    this.followed = true
  }

  /** What the runtime has of pods that no source knows is ended; only when all sources have spoken. */
  private async adopt(): Promise<void> {
    if (this.options.api && !this.followed) return
    const records = await listPodsOfRuntime(this.cri, this.runtimeInfo.name)
    this.pods.adopt(records)
    const known = new Set(this.pods.list().map(({ metadata }) => metadata.uid))
    await this.cgroups.removeOthers(known)
    await this.volumes.removeOthers(known)
    const { podLogsDir } = this.config
    await removeOrphanedLogs(podLogsDir, join(podLogsDir, '..', 'containers'), known)
  }

  private runtimeChanged(): void {
    this.agent?.changed()
    if (this.runtime.networkProblem() === undefined) {
      for (const { metadata } of this.pods.list()) this.pods.wake(metadata.uid)
    }
  }

  /** Readiness shows at once; what may mean a restart goes through the worker. */
  private probed(uid: string, type: string): void {
    const worker = this.pods.worker(uid)
    if (!worker) return
    if (type !== 'liveness' && worker.stage === 'syncing') this.steps.publish(worker)
    if (type !== 'readiness') worker.wake()
  }

  private async runtimeHandler(pod: NodePod): Promise<string> {
    const name = pod.spec.runtimeClassName
    if (!name) return ''
    const { api } = this.options
    if (!api) throw new Error(`failed to get RuntimeClass ${name}: there is no API server`)
    return (await api.client.get<RuntimeClass>(runtimeClasses, undefined, name)).handler
  }

  private nodeFacts(memoryCapacity: number): NodeFacts {
    const { config, runtime, fixed, options } = this
    const { clusterDns, clusterDomain, resolvConf } = config
    return {
      nodeIP: config.nodeIP,
      memoryCapacity,
      dns: { clusterDns, clusterDomain, resolvConf },
      allocatable: () => fixed.allocatable ?? {},
      node: () => this.agent?.node,
      services: async () => {
        const informer = options.api?.informers.informer<Service>(services)
        await informer?.synced
        return informer?.list() ?? []
      },
      supports: (handler, feature) => runtime.supports(handler, feature),
    }
  }

  /** The last traces of a pod: ended containers, its sandbox, its logs. */
  private async forget(record: PodRecord | undefined, uid: string): Promise<void> {
    try {
      if (record) {
        for (const { id } of record.containers) {
          this.probes.forget(id)
          this.applied.forget(id)
        }
        await this.dead.removeAll(record)
        await rm(podLogsDirectory(this.config.podLogsDir, record), { recursive: true, force: true })
      }
    } catch (error) {
      this.log.warn('pod not cleared away', { uid, error })
    }
  }

  /** Ends the kubelet's own work; pods go on running. */
  async stop(): Promise<void> {
    this.stopping.abort()
    await (await this.server?.catch(() => undefined))?.stop()
    this.statics.stop()
    this.agent?.stop()
    this.housekeeping.stop()
    this.probes.stop()
    this.volumes.context.tokens.stop()
    await this.pods.stop()
    await this.statuses.stop()
    this.cri.close()
  }
}
