import { deepEqual } from '../../api/json.ts'
import type { ReplicaSet } from '../../api/types/apps-v1.ts'
import type { PodTemplateSpec } from '../../api/types/core-v1.ts'

export const templateHashLabel = 'pod-template-hash'

export function replicasOf(set: ReplicaSet): number {
  return set.spec?.replicas ?? 0
}

export function availableOf(set: ReplicaSet): number {
  return set.status?.availableReplicas ?? 0
}

export function sum(sets: ReplicaSet[], count: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + count(set), 0)
}

/** Sets that have, or ought to have, pods. */
export function activeOf(sets: ReplicaSet[]): ReplicaSet[] {
  return sets.filter((set) => replicasOf(set) > 0)
}

/** By creation, then name. */
export function compareAge(a: ReplicaSet, b: ReplicaSet): number {
  const left = a.metadata.creationTimestamp ?? ''
  const right = b.metadata.creationTimestamp ?? ''
  if (left !== right) return left < right ? -1 : 1
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1
}

export function oldestFirst(sets: ReplicaSet[]): ReplicaSet[] {
  return [...sets].sort(compareAge)
}

/** Templates that differ in nothing but the hash label. */
export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return deepEqual(withoutHash(a), withoutHash(b))
}

export function withoutHash(template: PodTemplateSpec = {}): PodTemplateSpec {
  const labels = template.metadata?.labels
  if (labels?.[templateHashLabel] === undefined) return template
  const { [templateHashLabel]: _, ...rest } = labels
  return { ...template, metadata: { ...template.metadata, labels: rest } }
}

/** The oldest set of that template: when there are several, they came from hash collisions. */
export function findSetOf(template: PodTemplateSpec, sets: ReplicaSet[]): ReplicaSet | undefined {
  return oldestFirst(sets).find(({ spec }) => sameTemplate(spec?.template, template))
}
