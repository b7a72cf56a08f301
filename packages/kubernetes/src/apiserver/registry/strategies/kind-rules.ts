import type { StoredKubeObject } from '../../../api/kube-object.ts'
import type { GracefulDeletion, StrategyContext } from '../strategy.ts'

/** What a kind's strategy does beside what all do; see `make-strategy.ts` for when. */
export interface KindRules {
  /** Default false. */
  createOnUpdate?: boolean
  /** Default true. */
  unconditionalUpdate?: boolean
  /** Has `metadata.generation`; bumped when this says that the desired state differs. Status is not looked at. */
  generation?: (next: StoredKubeObject, old: StoredKubeObject) => boolean
  /** `generation` of a new object; 1 where `generation` is given. */
  firstGeneration?: number
  /** A creator's status is kept (nodes register with theirs). */
  keepStatusOnCreate?: boolean
  /** Writes to `status` cannot change labels, annotations, finalizers and owners. */
  statusKeepsMetadata?: boolean
  /** Paths (of field names) that an endpoint resets, beside the usual `spec` or `status`; replaces those where `only`. */
  reset?: Record<string, { paths: string[][]; only?: boolean }>
  create?(object: StoredKubeObject, context: StrategyContext): void
  /** For the resource itself, before generations are compared. */
  update?(next: StoredKubeObject, old: StoredKubeObject, context: StrategyContext): void
  /** Takes the place of the usual treatment of a subresource. */
  subresources?: Record<
    string,
    (next: StoredKubeObject, old: StoredKubeObject, context: StrategyContext) => void
  >
  canonicalize?(object: StoredKubeObject): void
  warnings?(object: StoredKubeObject, old: StoredKubeObject | undefined): string[]
  gracefulDeletion?: GracefulDeletion
}
