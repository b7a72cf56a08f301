import { CriError } from '../cri-error.ts'
import type {
  ContainerMetadata,
  Mount,
  NamespaceOption,
  PodSandboxMetadata,
} from '../generated/runtime-v1.ts'

/** What CRI knows of a sandbox and the engine does not. Kept by the engine, so that it is there after any crash. */
export interface SandboxState {
  kind: 'sandbox'
  metadata: PodSandboxMetadata
  /** Nanoseconds since the epoch. */
  createdAt: number
  labels: Record<string, string>
  annotations: Record<string, string>
  logDirectory: string
  runtimeHandler: string
  namespaces: Partial<NamespaceOption>
  portMappings: { protocol: string; containerPort: number; hostPort: number; hostIP: string }[]
}

export interface ContainerState {
  kind: 'container'
  sandboxId: string
  metadata: ContainerMetadata
  createdAt: number
  labels: Record<string, string>
  annotations: Record<string, string>
  /** Absolute; empty when nothing is to be kept. */
  logPath: string
  /** As the request named it, and what it was then. */
  image: string
  userSpecifiedImage: string
  imageRef: string
  mounts: Partial<Mount>[]
}

/** Holds the state as JSON; `sandbox` and `container` in the second are for filters. */
const stateLabel = 'io.minikube.cri.state'
export const kindLabel = 'io.minikube.cri.kind'
export const sandboxLabel = 'io.minikube.cri.sandbox'

/** The state with the pod's own labels beside it, by which people look for containers. */
export function toLabels(state: SandboxState | ContainerState): Record<string, string> {
  return {
    ...state.labels,
    [kindLabel]: state.kind,
    ...(state.kind === 'container' && { [sandboxLabel]: state.sandboxId }),
    [stateLabel]: JSON.stringify(state),
  }
}

/** @throws CriError NotFound for a container of the engine that is none of ours, or of the other kind */
export function fromLabels<Kind extends 'sandbox' | 'container'>(
  kind: Kind,
  id: string,
  labels: Record<string, string> | null,
): Extract<SandboxState | ContainerState, { kind: Kind }> {
  const text = labels?.[stateLabel]
  const state = text === undefined ? undefined : (JSON.parse(text) as SandboxState | ContainerState)
  if (state?.kind !== kind) throw new CriError('NotFound', `no ${kind} ${id}`, kind)
  return state as Extract<SandboxState | ContainerState, { kind: Kind }>
}

/** Whether everything that the selector names is there. */
export function matches(selector: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value)
}
