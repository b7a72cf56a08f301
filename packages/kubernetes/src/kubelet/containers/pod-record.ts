import type { Mount } from '@minikube-ts/cri/generated/runtime-v1.ts'
import type { ResourceRequirements } from '../../api/types/core-v1.ts'

export type ContainerState = 'created' | 'running' | 'exited' | 'unknown'

/** One container as the runtime has it. Times are milliseconds since the epoch, 0 when there is none. */
export interface ContainerRecord {
  /** The runtime's own; with the runtime's name in front in {@link containerIdOf}. */
  id: string
  name: string
  sandboxId: string
  image: string
  imageRef: string
  /** Of the definition it was made from. */
  hash: string
  restartCount: number
  state: ContainerState
  createdAt: number
  startedAt: number
  finishedAt: number
  exitCode: number
  reason: string
  message: string
  logPath: string
  mounts: Mount[]
  /** What the runtime says it enforces. */
  resources?: ResourceRequirements
  user?: { uid: number; gid: number; supplementalGroups: number[] }
}

export interface SandboxRecord {
  id: string
  attempt: number
  ready: boolean
  createdAt: number
  /** Shares the node's network. */
  hostNetwork: boolean
  /** `undefined`: the runtime says nothing of the network. */
  ips: string[] | undefined
}

/** Everything the runtime has of one pod; sandboxes and containers newest first. */
export interface PodRecord {
  uid: string
  name: string
  namespace: string
  /** e.g. `containerd`. */
  runtimeName: string
  sandboxes: SandboxRecord[]
  containers: ContainerRecord[]
  /** Of the newest sandbox while it is ready; kept after it ended for the final status. */
  ips: string[]
}

export function emptyRecord(
  pod: { uid: string; name: string; namespace: string },
  runtimeName: string,
): PodRecord {
  const { uid, name, namespace } = pod
  return { uid, name, namespace, runtimeName, sandboxes: [], containers: [], ips: [] }
}

/** The newest container of that name. */
export function findByName(record: PodRecord, name: string): ContainerRecord | undefined {
  return record.containers.find((container) => container.name === name)
}

/** Containers of the newest sandbox, if that one is ready. */
export function activeContainers(record: PodRecord): ContainerRecord[] {
  const [sandbox] = record.sandboxes
  return sandbox?.ready ? record.containers.filter(({ sandboxId }) => sandboxId === sandbox.id) : []
}

/** As in `status.containerStatuses[].containerID`. */
export function containerIdOf(record: PodRecord, container: { id: string }): string {
  return `${record.runtimeName}://${container.id}`
}

/** What a container is made from has changed when this has. Upstream looks at name and image alone, and so do we. */
export function containerHash(container: { name: string; image?: string }): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(JSON.stringify([container.name, container.image ?? '']))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return hash.toString(16)
}

/** Whether the pod needs a new sandbox, and which attempt it would be (upstream's PodSandboxChanged). */
export function sandboxChange(
  hostNetwork: boolean,
  record: PodRecord,
): { needed: boolean; attempt: number; id: string } {
  const [newest] = record.sandboxes
  if (!newest) return { needed: true, attempt: 0, id: '' }
  const next = newest.attempt + 1
  if (record.sandboxes.filter(({ ready }) => ready).length > 1) {
    return { needed: true, attempt: next, id: newest.id }
  }
  if (!newest.ready) return { needed: true, attempt: next, id: newest.id }
  if (newest.hostNetwork !== hostNetwork) return { needed: true, attempt: next, id: '' }
  if (!hostNetwork && newest.ips?.length === 0) return { needed: true, attempt: next, id: newest.id }
  return { needed: false, attempt: newest.attempt, id: newest.id }
}
