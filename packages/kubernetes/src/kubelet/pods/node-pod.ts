import type { ObjectMeta } from '../../api/kube-object.ts'
import type { Container, EphemeralContainer, Pod, PodSpec } from '../../api/types/core-v1.ts'

/** A pod that a kubelet works on: everything that identifies it is there. */
export interface NodePod extends Pod {
  metadata: ObjectMeta & { name: string; namespace: string; uid: string }
  spec: PodSpec
}

/** Where a pod came from: `api`, or `file` for static ones. */
export const sourceAnnotation = 'kubernetes.io/config.source'
export const mirrorAnnotation = 'kubernetes.io/config.mirror'
export const hashAnnotation = 'kubernetes.io/config.hash'

/** @returns the pod itself when it has what every pod out of the API has */
export function asNodePod(pod: Pod): NodePod | undefined {
  const { name, namespace, uid } = pod.metadata
  return name && namespace && uid && pod.spec ? (pod as NodePod) : undefined
}

/** `name_namespace(uid)`, as Kubernetes' messages and events name pods. */
export function describePod(pod: { metadata: { name?: string; namespace?: string; uid?: string } }): string {
  const { name, namespace, uid } = pod.metadata
  return `${name}_${namespace}(${uid})`
}

/** Read from a file on this node; never in the API itself, only its mirror is. */
export function isStaticPod(pod: Pod): boolean {
  const source = pod.metadata.annotations?.[sourceAnnotation]
  return source !== undefined && source !== 'api'
}

/** The API's picture of a static pod. */
export function isMirrorPod(pod: Pod): boolean {
  return pod.metadata.annotations?.[mirrorAnnotation] !== undefined
}

/** Static, mirrored, or of a system priority: not evicted, and admitted by making room. */
export function isCriticalPod(pod: Pod): boolean {
  return isStaticPod(pod) || isMirrorPod(pod) || (pod.spec?.priority ?? 0) >= 2_000_000_000
}

/** An init container that stays: a sidecar. */
export function isSidecar(container: { restartPolicy?: string }): boolean {
  return container.restartPolicy === 'Always'
}

export type ContainerKind = 'init' | 'main' | 'ephemeral'

/** Every container of the spec with its kind; ephemeral ones look like containers too. */
export function allContainers(spec: PodSpec): { kind: ContainerKind; container: Container }[] {
  return [
    ...(spec.initContainers ?? []).map((container) => ({ kind: 'init' as const, container })),
    ...spec.containers.map((container) => ({ kind: 'main' as const, container })),
    ...(spec.ephemeralContainers ?? []).map((container: EphemeralContainer) => ({
      kind: 'ephemeral' as const,
      container: container as Container,
    })),
  ]
}

export function findContainer(spec: PodSpec, name: string): Container | undefined {
  return allContainers(spec).find(({ container }) => container.name === name)?.container
}

/** Field path that events about a container carry, e.g. `spec.containers{web}`. */
export function containerFieldPath(spec: PodSpec, name: string): string {
  const kind = allContainers(spec).find(({ container }) => container.name === name)?.kind
  const list =
    kind === 'init' ? 'initContainers' : kind === 'ephemeral' ? 'ephemeralContainers' : 'containers'
  return `spec.${list}{${name}}`
}
