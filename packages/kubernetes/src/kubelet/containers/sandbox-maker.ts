import { mkdir } from 'node:fs/promises'
import type { Init } from '@minikube-ts/cri/call.ts'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { CriError } from '@minikube-ts/cri/cri-error.ts'
import type { PodSandboxConfig, UserNamespace } from '@minikube-ts/cri/generated/runtime-v1.ts'
import type { PodEvents } from '../events/pod-events.ts'
import { podDns } from '../network/pod-dns.ts'
import { kernelHostname, podHostname } from '../network/pod-hostname.ts'
import { describePod, type NodePod } from '../pods/node-pod.ts'
import type { VolumeManager } from '../volumes/volume-manager.ts'
import { podLogsDirectory } from './log-paths.ts'
import type { NodeFacts } from './node-facts.ts'
import { toSandboxRecord } from './read-pod-record.ts'
import { sandboxConfig } from './sandbox-config.ts'
import type { UserNamespaces } from './user-namespaces.ts'

export interface SandboxMakerOptions {
  cri: CriClient
  facts: NodeFacts
  events: PodEvents
  volumes: VolumeManager
  userNamespaces: UserNamespaces
  podLogsDir: string
  cgroupParent(pod: NodePod): string
  /** Runtime handler of the pod's RuntimeClass, '' without one. @throws Error */
  runtimeHandler(pod: NodePod): Promise<string>
  /** A pod has got an address; containers start when this resolves. */
  onAddress(pod: NodePod, ip: string): Promise<void>
}

/** Makes pods' sandboxes, and the description of them that goes along with each container. */
export class SandboxMaker {
  private readonly options: SandboxMakerOptions

  constructor(options: SandboxMakerOptions) {
    this.options = options
  }

  async config(pod: NodePod, attempt: number): Promise<Init<PodSandboxConfig>> {
    const { facts, events, volumes, podLogsDir } = this.options
    const dns = await podDns(pod, facts.dns, (message) =>
      events.pod(pod, 'Warning', 'DNSConfigForming', message),
    )
    const names = podHostname(pod, facts.dns.clusterDomain)
    return sandboxConfig({
      pod,
      attempt,
      hostname: pod.spec.hostNetwork ? '' : kernelHostname(names, pod.spec.setHostnameAsFQDN),
      dns,
      cgroupParent: this.options.cgroupParent(pod),
      logsRoot: podLogsDir,
      userNamespace: await this.userNamespace(pod),
      volumeGroups: volumes.groups(pod.metadata.uid),
    })
  }

  async userNamespace(pod: NodePod): Promise<Init<UserNamespace>> {
    return this.options.userNamespaces.of(pod, await this.options.runtimeHandler(pod))
  }

  /**
   * Makes the sandbox and says which addresses it has.
   * @throws Error after an event about it
   */
  async create(pod: NodePod, attempt: number): Promise<{ id: string; ips: string[] }> {
    const { cri, events, podLogsDir } = this.options
    try {
      const config = await this.config(pod, attempt)
      await mkdir(podLogsDirectory(podLogsDir, pod.metadata), { recursive: true, mode: 0o755 })
      const runtimeHandler = await this.options.runtimeHandler(pod)
      const { podSandboxId } = await cri.runPodSandbox({ config, runtimeHandler })
      const { status } = await cri.podSandboxStatus({ podSandboxId })
      const ips = status ? (toSandboxRecord(status).ips ?? []) : []
      if (ips[0] !== undefined) await this.options.onAddress(pod, ips[0])
      return { id: podSandboxId, ips: pod.spec.hostNetwork ? [this.options.facts.nodeIP] : ips }
    } catch (error) {
      const message = error instanceof CriError ? error.toGoString() : (error as Error).message
      events.pod(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${message}`)
      throw new Error(`failed to "CreatePodSandbox" for "${describePod(pod)}": ${message}`, { cause: error })
    }
  }
}
