import type { Container, PodSpec, SecurityContext } from '../../../api/types/core-v1.ts'

/** A pod, or the template of one. */
export interface PodLike {
  annotations: Record<string, string>
  spec: PodSpec
}

export interface Violation {
  reason: string
  detail: string
}

/** Undefined when the pod is allowed. */
export type PodCheck = (pod: PodLike) => Violation | undefined

export interface VersionedCheck {
  id: string
  level: 'baseline' | 'restricted'
  /** By the 1.x version that they begin with, oldest first. */
  versions: [minor: number, check: PodCheck][]
  /** Baseline checks that this one takes the place of. */
  overrides?: string[]
}

export function allContainers({ spec }: PodLike): Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
}

/** Names of the containers whose security context (an absent one is empty) fails. */
export function containersThat(pod: PodLike, fails: (context: SecurityContext) => boolean): string[] {
  return allContainers(pod)
    .filter(({ securityContext }) => fails(securityContext ?? {}))
    .map(({ name }) => name)
}

/** `container "a"`, `containers "a", "b"`. */
export function named(singular: string, names: readonly string[]): string {
  return `${plural(singular, names.length)} ${quoted(names)}`
}

export function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`
}

export function quoted(items: Iterable<string>): string {
  return [...items].map((item) => `"${item}"`).join(', ')
}

/** Distinct, in order. */
export function sorted(items: Iterable<string>): string[] {
  return [...new Set(items)].sort()
}

/** `pod and containers "a"`: who sets something. */
export function setters(pod: boolean, containers: readonly string[]): string {
  return [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [named('container', containers)] : [])].join(
    ' and ',
  )
}

/** Such pods have no root outside of themselves, so some checks do not matter (since 1.35). */
export function unlessUserNamespace(check: PodCheck): PodCheck {
  return (pod) => (pod.spec.hostUsers === false ? undefined : check(pod))
}

export function unlessWindows(check: PodCheck): PodCheck {
  return (pod) => (pod.spec.os?.name === 'windows' ? undefined : check(pod))
}
