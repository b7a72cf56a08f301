import type { KubeObject } from '../kube-object.ts'
import type { ScopedResourceSelectorRequirement } from '../types/core-v1.ts'
import type { Quantities } from './quantities.ts'

/** How one kind counts against a ResourceQuota. */
export interface QuotaEvaluator {
  readonly resource: { group: string; resource: string }
  /** Does a name of `spec.hard` measure this kind? */
  measures(name: string): boolean
  /** Is an object within a quota's scope? */
  inScope(requirement: ScopedResourceSelectorRequirement, object: KubeObject): boolean
  /** `now`: milliseconds since the epoch. */
  usage(object: KubeObject, now: number): Quantities
  /** What the object must say when these names are limited; undefined when all is well. */
  missing?(names: readonly string[], object: KubeObject): string | undefined
  /** May a write change the usage? `old` at UPDATE. */
  handles(operation: string, subresource: string, object: KubeObject, old: KubeObject | undefined): boolean
}
