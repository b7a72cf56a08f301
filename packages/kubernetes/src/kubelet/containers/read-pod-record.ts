import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { isCriCode } from '@minikube-ts/cri/cri-error.ts'
import {
  type ContainerStatus,
  ContainerState as CriState,
  NamespaceMode,
  PodSandboxState,
  type PodSandboxStatus,
} from '@minikube-ts/cri/generated/runtime-v1.ts'
import { containerNameLabel, podUidLabel, readContainerAnnotations } from './labels.ts'
import type { ContainerRecord, ContainerState, PodRecord, SandboxRecord } from './pod-record.ts'
import { reportedResources } from './reported-resources.ts'
import { terminationMessage } from './termination-message.ts'

const states: Record<number, ContainerState> = {
  [CriState.CONTAINER_CREATED]: 'created',
  [CriState.CONTAINER_RUNNING]: 'running',
  [CriState.CONTAINER_EXITED]: 'exited',
}

/** Containers that have ended stay as they are: their records are kept, by container id. */
export type EndedContainers = Map<string, ContainerRecord>

/**
 * Asks the runtime for all it has of a pod. `ended` spares questions about containers whose end was read before.
 * @throws CriError
 */
export async function readPodRecord(
  cri: CriClient,
  pod: { uid: string; name: string; namespace: string },
  runtimeName: string,
  ended: EndedContainers,
): Promise<PodRecord> {
  const labelSelector = { [podUidLabel]: pod.uid }
  const [{ items }, { containers }] = await Promise.all([
    cri.listPodSandbox({ filter: { labelSelector } }),
    cri.listContainers({ filter: { labelSelector } }),
  ])
  const [sandboxes, records] = await Promise.all([
    Promise.all(items.map(({ id }) => readSandbox(cri, id))),
    Promise.all(
      containers.map(({ id, podSandboxId }) => ended.get(id) ?? readContainer(cri, id, podSandboxId)),
    ),
  ])
  const found = records.filter((record) => record !== undefined)
  for (const id of ended.keys()) if (!found.some((record) => record.id === id)) ended.delete(id)
  for (const record of found) if (record.state === 'exited') ended.set(record.id, record)
  const known = sandboxes
    .filter((sandbox) => sandbox !== undefined)
    .sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt)
  return {
    ...pod,
    runtimeName,
    sandboxes: known,
    containers: found.sort((a, b) => b.createdAt - a.createdAt),
    ips: (known[0]?.ready && known[0].ips) || [],
  }
}

/** `undefined` when it vanished between the list and the question. */
async function unlessGone<T>(question: Promise<T>): Promise<T | undefined> {
  try {
    return await question
  } catch (error) {
    if (isCriCode(error, 'NotFound')) return undefined
    throw error
  }
}

async function readSandbox(cri: CriClient, id: string): Promise<SandboxRecord | undefined> {
  const answer = await unlessGone(cri.podSandboxStatus({ podSandboxId: id }))
  return answer?.status && toSandboxRecord(answer.status)
}

export function toSandboxRecord(status: PodSandboxStatus): SandboxRecord {
  const { network } = status
  const ips = network && [network.ip, ...network.additionalIps.map(({ ip }) => ip)].filter((ip) => ip !== '')
  return {
    id: status.id,
    attempt: status.metadata?.attempt ?? 0,
    ready: status.state === PodSandboxState.SANDBOX_READY,
    createdAt: status.createdAt / 1e6,
    hostNetwork: status.linux?.namespaces?.options?.network === NamespaceMode.NODE,
    ips,
  }
}

async function readContainer(
  cri: CriClient,
  id: string,
  sandboxId: string,
): Promise<ContainerRecord | undefined> {
  const answer = await unlessGone(cri.containerStatus({ containerId: id }))
  return answer?.status && toContainerRecord(answer.status, sandboxId)
}

async function toContainerRecord(status: ContainerStatus, sandboxId: string): Promise<ContainerRecord> {
  const info = readContainerAnnotations(status.annotations)
  const state = states[status.state] ?? 'unknown'
  const exited = state === 'exited'
  const resources = reportedResources(status.resources?.linux)
  const user = status.user?.linux
  return {
    id: status.id,
    name: status.labels[containerNameLabel] ?? status.metadata?.name ?? '',
    sandboxId,
    image: status.image?.image ?? '',
    imageRef: status.imageRef,
    hash: info.hash,
    restartCount: info.restartCount,
    state,
    createdAt: status.createdAt / 1e6,
    startedAt: state === 'created' ? 0 : status.startedAt / 1e6,
    finishedAt: exited ? status.finishedAt / 1e6 : 0,
    exitCode: exited ? status.exitCode : 0,
    reason: exited ? status.reason : '',
    message: exited ? await terminationMessage(status, info) : '',
    logPath: status.logPath,
    mounts: status.mounts,
    ...(resources && { resources }),
    ...(user && { user: { uid: user.uid, gid: user.gid, supplementalGroups: user.supplementalGroups } }),
  }
}
