import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { ContainerState, PodSandboxState } from '@minikube-ts/cri/generated/runtime-v1.ts'
import { containerNameLabel, podNameLabel, podNamespaceLabel, podUidLabel } from './labels.ts'
import { emptyRecord, type PodRecord } from './pod-record.ts'

/** Every pod the runtime has anything of, in outline: ids and states, none of the details. @throws CriError */
export async function listPodsOfRuntime(cri: CriClient, runtimeName: string): Promise<PodRecord[]> {
  const [{ items }, { containers }] = await Promise.all([cri.listPodSandbox({}), cri.listContainers({})])
  const records = new Map<string, PodRecord>()
  const recordOf = (labels: Record<string, string>): PodRecord | undefined => {
    const uid = labels[podUidLabel]
    if (!uid) return undefined
    const name = labels[podNameLabel] ?? ''
    const namespace = labels[podNamespaceLabel] ?? ''
    const record = records.get(uid) ?? emptyRecord({ uid, name, namespace }, runtimeName)
    records.set(uid, record)
    return record
  }
  for (const { id, labels, metadata, state, createdAt } of items) {
    recordOf(labels)?.sandboxes.push({
      id,
      attempt: metadata?.attempt ?? 0,
      ready: state === PodSandboxState.SANDBOX_READY,
      createdAt: createdAt / 1e6,
      hostNetwork: false,
      ips: undefined,
    })
  }
  for (const container of containers) {
    recordOf(container.labels)?.containers.push({
      id: container.id,
      name: container.labels[containerNameLabel] ?? '',
      sandboxId: container.podSandboxId,
      image: container.image?.image ?? '',
      imageRef: container.imageRef,
      hash: '',
      restartCount: 0,
      state:
        container.state === ContainerState.CONTAINER_RUNNING
          ? 'running'
          : container.state === ContainerState.CONTAINER_EXITED
            ? 'exited'
            : container.state === ContainerState.CONTAINER_CREATED
              ? 'created'
              : 'unknown',
      createdAt: container.createdAt / 1e6,
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: '',
      message: '',
      logPath: '',
      mounts: [],
    })
  }
  return [...records.values()]
}
