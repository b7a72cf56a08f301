import type { FieldsV1 } from '../../api/apply/field-set.ts'
import type { StoredKubeObject } from '../../api/kube-object.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import type { UserInfo } from '../auth/user-info.ts'
import { genericStrategy } from './strategies/generic-strategy.ts'
import { strategies } from './strategies/strategies.ts'

/** What a strategy may need to know of the request. */
export interface StrategyContext {
  /** The time of the write, RFC 3339. */
  now: string
  user: UserInfo
  /** `status`, `ephemeralcontainers`, `resize`, `approval`, `finalize` …; '' for the resource itself. */
  subresource: string
}

/** What `DELETE` wants to know of a kind that ends gracefully (pods). */
export interface GracefulDeletion {
  /** Grace period that the object gets; 0 deletes at once. `asked` is the caller's, in seconds. */
  gracePeriodSeconds(object: StoredKubeObject, asked: number | undefined): number
}

/**
 * What is special about writing a kind, from upstream's `pkg/registry/<group>/<resource>/strategy.go`. The registry calls,
 * in this order: metadata (name, uid, creationTimestamp) → `prepareForCreate` / `prepareForUpdate` → api/validation →
 * `warnings` → `canonicalize` → store. Objects given as first argument are the caller's own: strategies change them in
 * place; `old` is shared and stays as it is.
 */
export interface Strategy {
  /** PUT and apply may create (Lease, Event, LimitRange …). */
  readonly allowCreateOnUpdate: boolean
  /** PUT without a resourceVersion overwrites. */
  readonly allowUnconditionalUpdate: boolean
  /** Drops what a creator may not set (`status`), starts `generation`, fills in what only the server knows. */
  prepareForCreate(object: StoredKubeObject, context: StrategyContext): void
  /**
   * For the resource itself and for each subresource: puts back what the endpoint may not change (`status` of the
   * resource, everything else of `status`) and bumps `generation` when the desired state changed.
   */
  prepareForUpdate(next: StoredKubeObject, old: StoredKubeObject, context: StrategyContext): void
  /** After validation: brings the object into its normal form. */
  canonicalize?(object: StoredKubeObject): void
  /** `Warning:` headers for a create (`old` absent) or update. */
  warnings?(object: StoredKubeObject, old: StoredKubeObject | undefined): string[]
  /** Fields that writes to this endpoint never own, because `prepareFor…` resets them. */
  resetFields(subresource: string): FieldsV1
  readonly gracefulDeletion?: GracefulDeletion
}

/** The strategy of a built-in kind, or the generic one of custom resources. Cheap: strategies are made once. */
export function strategyFor(resource: ResourceInfo): Strategy {
  return strategies.get(`${resource.resource}.${resource.group}`) ?? genericStrategy(resource)
}
