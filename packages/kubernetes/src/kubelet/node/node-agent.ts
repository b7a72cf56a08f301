import { setTimeout as delay } from 'node:timers/promises'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { ContainerImage, Node, NodeStatus } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { findCondition } from '../../client/conditions.ts'
import type { EventRecorder } from '../../client/event-recorder.ts'
import { nodes } from '../../client/resources.ts'
import type { Logger } from '../../log.ts'
import type { NodeConfig } from '../../node-config.ts'
import { mayLabelItself } from './allowed-labels.ts'
import { nodeConditions, type Pressure } from './node-conditions.ts'
import { NodeLease } from './node-lease.ts'
import { nodeImages, runtimeStatus } from './node-status.ts'
import type { RuntimeState } from './runtime-state.ts'

/** Upstream's intervals: a lease every ten seconds, an unchanged status every five minutes. */
const leaseMs = 10_000
const statusMs = 300_000
const firstRetryMs = 50
const longestRetryMs = 2000
/** Images come in bursts. */
const imagesSettleMs = 500

export interface NodeAgentOptions {
  config: NodeConfig
  client: Client
  cri: CriClient
  runtime: RuntimeState
  pressure(): Pressure
  /** See fixedStatus. */
  fixed: NodeStatus
  recorder: EventRecorder
  log: Logger
  signal: AbortSignal
}

/** Keeps the Node object: registers it, reports its status when that changes, and shows by a lease that it lives. */
export class NodeAgent {
  private readonly options: NodeAgentOptions
  private readonly lease: NodeLease
  private current: Node | undefined
  private images: ContainerImage[] = []
  private reported = 0
  private timer: NodeJS.Timeout | undefined
  private imagesTimer: NodeJS.Timeout | undefined
  private writing: Promise<void> = Promise.resolve()

  constructor(options: NodeAgentOptions) {
    this.options = options
    this.lease = new NodeLease(options.client, options.config.nodeName)
  }

  /** The Node as the API server last answered, or a watch showed. */
  get node(): Node | undefined {
    return this.current
  }

  seen(node: Node): void {
    if (Number(node.metadata.resourceVersion) >= Number(this.current?.metadata.resourceVersion ?? 0)) {
      this.current = node
    }
  }

  /** Resolves when the API server has the node with its present status; tries until it has. */
  async register(): Promise<void> {
    const { log, signal } = this.options
    await this.look()
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.registerOnce()
        this.beat()
        return
      } catch (error) {
        if (failures === 0) log.warn('node not registered yet', { error })
        const wait = Math.min(longestRetryMs, firstRetryMs * 2 ** failures)
        await delay(wait, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  private async registerOnce(): Promise<void> {
    const { client, config, log } = this.options
    try {
      this.current = await client.create<Node>(nodes, undefined, this.initial())
      log.info('node registered', { node: config.nodeName })
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
      this.current = await client.get<Node>(nodes, undefined, config.nodeName)
      await this.updateLabels()
      await this.writeStatus(true)
    }
    this.reported = Date.now()
    // A node without a lease looks dead to nobody as long as its status is fresh: no need to wait for it.
    void this.renew()
  }

  private initial(): Node {
    const { config } = this.options
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: config.nodeName,
        labels: this.labels(),
        annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
      },
      spec: {
        ...(config.podCidr && { podCIDR: config.podCidr, podCIDRs: [config.podCidr] }),
        ...(config.taints && { taints: config.taints }),
      },
      status: this.status(undefined),
    }
  }

  private labels(): Record<string, string> {
    const { config, fixed } = this.options
    const os = fixed.nodeInfo?.operatingSystem ?? 'linux'
    const arch = fixed.nodeInfo?.architecture ?? ''
    return {
      'beta.kubernetes.io/arch': arch,
      'beta.kubernetes.io/os': os,
      'kubernetes.io/arch': arch,
      'kubernetes.io/hostname': config.nodeName,
      'kubernetes.io/os': os,
      ...Object.fromEntries(Object.entries(config.labels).filter(([key]) => mayLabelItself(key))),
    }
  }

  private async updateLabels(): Promise<void> {
    const { client, config } = this.options
    const wanted = this.labels()
    const labels = this.current?.metadata.labels ?? {}
    if (Object.entries(wanted).every(([key, value]) => labels[key] === value)) return
    this.current = await client.patch<Node>(nodes, undefined, config.nodeName, 'merge', {
      metadata: { labels: wanted },
    })
  }

  private status(before: NodeStatus | undefined): NodeStatus {
    const { fixed, runtime, pressure } = this.options
    return {
      ...fixed,
      ...runtimeStatus(runtime),
      images: this.images,
      conditions: nodeConditions(pressure(), runtime.problems(), before?.conditions ?? [], Date.now()),
    }
  }

  /** Reports what is different, or everything with fresh heartbeats. One write at a time. */
  private writeStatus(force: boolean): Promise<void> {
    this.writing = this.writing
      .then(() => this.writeNow(force))
      .catch((error: unknown) => {
        if (!isReason(error, 'ServiceUnavailable'))
          this.options.log.warn('node status not written', { error })
      })
    return this.writing
  }

  private async writeNow(force: boolean): Promise<void> {
    const { client, config } = this.options
    const before = this.current?.status
    if (!before) return
    const status = this.status(before)
    const changes: Record<string, unknown> = {}
    for (const key of [
      'capacity',
      'allocatable',
      'addresses',
      'nodeInfo',
      'images',
      'runtimeHandlers',
      'features',
      'daemonEndpoints',
    ] as const) {
      if (!deepEqual(before[key], status[key])) {
        const value = status[key]
        // Addresses would be merged by their type.
        changes[key] = key === 'addresses' ? [{ $patch: 'replace' }, ...(status.addresses ?? [])] : value
      }
    }
    const due = Date.now() - this.reported >= statusMs
    if (force || due || this.conditionsChanged(before, status)) changes.conditions = status.conditions
    if (Object.keys(changes).length === 0) return
    this.recordReadiness(before, status)
    const patch = { status: changes }
    this.current = await client.patch<Node>(nodes, undefined, config.nodeName, 'strategic', patch, {
      subresource: 'status',
    })
    this.reported = Date.now()
  }

  private conditionsChanged(before: NodeStatus, after: NodeStatus): boolean {
    return (after.conditions ?? []).some((condition) => {
      const old = findCondition(before.conditions, condition.type)
      return (
        old?.status !== condition.status ||
        old.reason !== condition.reason ||
        old.message !== condition.message
      )
    })
  }

  private recordReadiness(before: NodeStatus, after: NodeStatus): void {
    const old = findCondition(before.conditions, 'Ready')?.status
    const now = findCondition(after.conditions, 'Ready')?.status
    if (old === now || !this.current) return
    const reason = now === 'True' ? 'NodeReady' : 'NodeNotReady'
    this.event('Normal', reason, `Node ${this.options.config.nodeName} status is now: ${reason}`)
  }

  /** About the node. */
  event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { recorder, config } = this.options
    const metadata = { name: config.nodeName, uid: config.nodeName }
    recorder.event({ apiVersion: 'v1', kind: 'Node', metadata }, type, reason, message)
  }

  /** The runtime, its network, memory or disk may be otherwise now. */
  changed(): void {
    void this.writeStatus(false)
  }

  /** Images may have come or gone. */
  imagesChanged(): void {
    clearTimeout(this.imagesTimer)
    this.imagesTimer = setTimeout(async () => {
      await this.readImages()
      await this.writeStatus(false)
    }, imagesSettleMs)
  }

  private async readImages(): Promise<void> {
    this.images = await nodeImages(this.options.cri).catch(() => this.images)
  }

  private async look(): Promise<void> {
    await Promise.all([this.readImages(), this.options.runtime.check()])
  }

  /** Every ten seconds: the lease, and a look at what no event tells. */
  private beat(): void {
    this.timer = setInterval(async () => {
      void this.renew()
      await this.options.runtime.check()
      await this.writeStatus(false)
    }, leaseMs)
  }

  private async renew(): Promise<void> {
    try {
      await this.lease.renew(this.current)
    } catch (error) {
      if (!isReason(error, 'ServiceUnavailable')) this.options.log.warn('lease not renewed', { error })
    }
  }

  stop(): void {
    clearInterval(this.timer)
    clearTimeout(this.imagesTimer)
  }
}
