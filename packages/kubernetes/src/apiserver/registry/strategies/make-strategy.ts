import { type FieldsV1, fieldSetOf } from '../../../api/apply/field-set.ts'
import type { StoredKubeObject } from '../../../api/kube-object.ts'
import type { Strategy } from '../strategy.ts'
import type { KindRules } from './kind-rules.ts'

/** What has to be known of a resource beside its rules. */
export interface StrategyShape {
  hasStatus: boolean
  /** Built-in kinds: what Go writes for a status that nobody has set yet. */
  emptyStatus?: () => unknown
  /** Custom resources: everything but status and metadata is as it was when the status is written. */
  openStatus?: boolean
}

/** A strategy from what is special about a kind. */
export function makeStrategy(shape: StrategyShape, rules: KindRules): Strategy {
  const resets = new Map<string, FieldsV1>()
  return {
    allowCreateOnUpdate: rules.createOnUpdate ?? false,
    allowUnconditionalUpdate: rules.unconditionalUpdate ?? true,
    ...(rules.gracefulDeletion && { gracefulDeletion: rules.gracefulDeletion }),
    ...(rules.canonicalize && { canonicalize: rules.canonicalize }),
    ...(rules.warnings && { warnings: rules.warnings }),

    prepareForCreate(object, context) {
      if (shape.hasStatus && !rules.keepStatusOnCreate) delete object.status
      const generation = rules.firstGeneration ?? (rules.generation ? 1 : undefined)
      if (generation === undefined) delete object.metadata.generation
      else object.metadata.generation = generation
      rules.create?.(object, context)
      if (shape.emptyStatus && object.status === undefined) object.status = shape.emptyStatus()
    },

    prepareForUpdate(next, old, context) {
      carry(next.metadata, old.metadata, 'generation')
      const special = rules.subresources?.[context.subresource]
      if (special) special(next, old, context)
      else if (context.subresource === 'status') {
        if (shape.openStatus) onlyStatus(next, old)
        else carry(next, old, 'spec')
        if (rules.statusKeepsMetadata || shape.openStatus) keepMetadata(next, old)
      } else {
        if (shape.hasStatus) carry(next, old, 'status')
        rules.update?.(next, old, context)
        if (rules.generation?.(next, old)) bumpGeneration(next, old)
      }
    },

    resetFields(subresource) {
      let fields = resets.get(subresource)
      if (!fields) {
        const extra = rules.reset?.[subresource]
        const usual: string[][] = []
        if (!extra?.only) {
          if (subresource === 'status') usual.push(['spec'])
          else if (shape.hasStatus) usual.push(['status'])
          if (subresource === 'status' && (rules.statusKeepsMetadata || shape.openStatus))
            usual.push(['metadata'])
        }
        fields = fieldSetOf(
          ...[...usual, ...(extra?.paths ?? [])].map((path) => path.map((field) => `f:${field}`)),
        )
        resets.set(subresource, fields)
      }
      return fields
    },
  }
}

/** `next[field]` as `old` has it, absent included. The value is shared: writers clone before they change. */
export function carry<T extends object>(next: T, old: T, field: keyof T): void {
  if (old[field] === undefined) delete next[field]
  else next[field] = old[field]
}

export function bumpGeneration(next: StoredKubeObject, old: StoredKubeObject): void {
  next.metadata.generation = (old.metadata.generation ?? 0) + 1
}

/** Metadata that a status update must not touch. */
export function keepMetadata(next: StoredKubeObject, old: StoredKubeObject): void {
  const fields = [
    'deletionTimestamp',
    'selfLink',
    'labels',
    'annotations',
    'finalizers',
    'ownerReferences',
  ] as const
  for (const field of fields) carry(next.metadata, old.metadata, field)
}

function onlyStatus(next: StoredKubeObject, old: StoredKubeObject): void {
  const kept = new Set(['metadata', 'status'])
  for (const field of [...Object.keys(next), ...Object.keys(old)]) {
    if (!kept.has(field)) carry(next, old, field)
  }
}
