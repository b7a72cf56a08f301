import { posix } from 'node:path'
import { podQosClass } from '../../api/pod-qos.ts'
import { podRequests } from '../../api/scheduling/pod-resources.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { podLimits } from '../pods/pod-limits.ts'
import { type CgroupFiles, type CgroupLimits, openCgroupFiles } from './cgroup-files.ts'
import { milliCpuToQuota, milliCpuToShares, minShares, quotaPeriod } from './cpu.ts'

export interface PodCgroupsOptions {
  /** e.g. `/minikube/minikube/kubepods`. */
  root: string
  driver: 'cgroupfs' | 'systemd'
  /** Processes that one pod may have; none when absent. */
  podPidsLimit?: number
}

const tiers = { Guaranteed: '', Burstable: 'burstable', BestEffort: 'besteffort' }

/**
 * A cgroup for each pod below one for its quality of service. With the systemd driver the runtime makes them; only their
 * names are ours.
 */
export class PodCgroups {
  private readonly options: PodCgroupsOptions
  private files: CgroupFiles | undefined
  /** Millicores that Burstable pods ask for, by uid: their tier's share of the processors. */
  private readonly burstable = new Map<string, number>()

  constructor(options: PodCgroupsOptions) {
    this.options = options
  }

  async start(): Promise<void> {
    if (this.options.driver === 'systemd') return
    this.files = await openCgroupFiles()
    const { root } = this.options
    await this.files.apply(root, {})
    await this.files.apply(posix.join(root, tiers.BestEffort), { cpuShares: minShares })
    await this.files.apply(posix.join(root, tiers.Burstable), { cpuShares: minShares })
  }

  /** What the runtime is told as the parent of the pod's containers. */
  parent(pod: NodePod): string {
    const path = this.path(pod)
    if (this.options.driver === 'cgroupfs') return path
    return `${path
      .split('/')
      .filter(Boolean)
      .map((part) => part.replaceAll('-', '_'))
      .join('-')}.slice`
  }

  async exists(pod: NodePod): Promise<boolean> {
    return this.files ? this.files.exists(this.path(pod)) : true
  }

  async ensure(pod: NodePod): Promise<void> {
    if (!this.files) return
    await this.files.apply(this.path(pod), this.limits(pod))
    if (podQosClass(pod) === 'Burstable') {
      this.burstable.set(pod.metadata.uid, podRequests(pod).get('cpu') ?? 0)
      await this.shareAmongTiers()
    }
  }

  async remove(pod: NodePod): Promise<void> {
    await this.files?.remove(this.path(pod))
    if (this.burstable.delete(pod.metadata.uid)) await this.shareAmongTiers()
  }

  /** Of pods that nobody knows any more. @returns their uids */
  async removeOthers(known: ReadonlySet<string>): Promise<string[]> {
    const removed: string[] = []
    for (const tier of Object.values(tiers)) {
      const directory = posix.join(this.options.root, tier)
      for (const name of (await this.files?.children(directory)) ?? []) {
        const uid = /^pod(.+)$/.exec(name)?.[1]
        if (!uid || known.has(uid)) continue
        await this.files?.remove(posix.join(directory, name))
        removed.push(uid)
      }
    }
    return removed
  }

  /** The whole tree, with whatever still runs in it. */
  async removeAll(): Promise<void> {
    const files = this.files ?? (await openCgroupFiles())
    await files.remove(this.options.root)
  }

  /** As cgroup file systems have it, where it is ours; the systemd driver names things otherwise. */
  path(pod: NodePod): string {
    return posix.join(this.options.root, tiers[podQosClass(pod)], `pod${pod.metadata.uid}`)
  }

  private async shareAmongTiers(): Promise<void> {
    const milli = [...this.burstable.values()].reduce((sum, one) => sum + one, 0)
    const cpuShares = milliCpuToShares(milli)
    await this.files?.apply(posix.join(this.options.root, tiers.Burstable), { cpuShares })
  }

  /** Upstream's ResourceConfigForPod: a limit holds for the pod when every container has one. */
  private limits(pod: NodePod): CgroupLimits {
    const qos = podQosClass(pod)
    const requests = podRequests(pod)
    const limits = podLimits(pod)
    const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
    const declared = (name: string): boolean =>
      pod.spec.resources?.limits?.[name] !== undefined ||
      all.every(({ resources }) => resources?.limits?.[name] !== undefined)
    const { podPidsLimit } = this.options
    const own = podPidsLimit ? { pids: podPidsLimit } : {}
    if (qos === 'BestEffort') return { ...own, cpuShares: minShares }
    const memory = limits.get('memory') ?? 0
    return {
      ...own,
      cpuShares: milliCpuToShares(requests.get('cpu') ?? 0),
      ...(declared('cpu') && { cpuQuota: milliCpuToQuota(limits.get('cpu') ?? 0), cpuPeriod: quotaPeriod }),
      ...(declared('memory') && memory > 0 && { memory }),
    }
  }
}
