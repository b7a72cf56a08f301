import type { Init } from '@minikube-ts/cri/call.ts'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { LinuxContainerResources } from '@minikube-ts/cri/generated/runtime-v1.ts'
import { deepEqual } from '../../api/json.ts'
import type { Container, ResourceRequirements } from '../../api/types/core-v1.ts'
import { containerResources } from '../containers/linux-resources.ts'
import { type ContainerRecord, findByName, type PodRecord } from '../containers/pod-record.ts'
import type { NodePod } from './node-pod.ts'

/** A running container that is to have other resources. */
export interface ContainerToResize {
  record: ContainerRecord
  container: Container
  /** Its resize policy wants it started anew. */
  restart: boolean
}

/** The resources that running containers were last given, by container id. */
export class AppliedResources {
  private readonly applied = new Map<string, ResourceRequirements>()

  /** Of a container found running: what the pod's status said it had. */
  adopt(pod: NodePod, record: PodRecord): void {
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
    for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      const latest = findByName(record, container.name)
      if (latest?.state !== 'running' || this.applied.has(latest.id)) continue
      const status = statuses.find(({ containerID }) => containerID?.endsWith(latest.id))
      this.applied.set(latest.id, status?.resources ?? container.resources ?? {})
    }
  }

  set(containerId: string, resources: ResourceRequirements): void {
    this.applied.set(containerId, resources)
  }

  get(containerId: string): ResourceRequirements | undefined {
    return this.applied.get(containerId)
  }

  forget(containerId: string): void {
    this.applied.delete(containerId)
  }

  /** Containers whose cpu or memory is otherwise than the pod has been granted. */
  changes(pod: NodePod, record: PodRecord): ContainerToResize[] {
    const changes: ContainerToResize[] = []
    for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      const latest = findByName(record, container.name)
      const before = latest?.state === 'running' ? this.applied.get(latest.id) : undefined
      if (!latest || !before) continue
      const different = ['cpu', 'memory'].filter(
        (name) =>
          !deepEqual(
            [before.requests?.[name], before.limits?.[name]],
            [container.resources?.requests?.[name], container.resources?.limits?.[name]],
          ),
      )
      if (different.length === 0) continue
      const restart = different.some((name) =>
        container.resizePolicy?.some(
          ({ resourceName, restartPolicy }) => resourceName === name && restartPolicy === 'RestartContainer',
        ),
      )
      changes.push({ record: latest, container, restart })
    }
    return changes
  }
}

/** Tells the runtime. @throws CriError */
export async function resizeContainer(
  cri: CriClient,
  pod: NodePod,
  { record, container }: ContainerToResize,
  memoryCapacity: number,
): Promise<void> {
  const wanted = containerResources(pod, container, memoryCapacity)
  const linux: Init<LinuxContainerResources> = {
    cpuShares: wanted.cpuShares,
    cpuPeriod: wanted.cpuPeriod,
    // No limit any more must be said.
    cpuQuota: wanted.cpuQuota || -1,
    ...(wanted.memoryLimitInBytes !== undefined && { memoryLimitInBytes: wanted.memoryLimitInBytes }),
  }
  await cri.updateContainerResources({ containerId: record.id, linux })
}
