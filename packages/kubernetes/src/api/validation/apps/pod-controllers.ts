import { labelMatcher } from '../../label-selector.ts'
import type { PodTemplateSpec } from '../../types/core-v1.ts'
import type { LabelSelector } from '../../types/meta-v1.ts'
import { Field } from '../field.ts'
import { isEmptySelector, type SelectorOptions, validateLabelSelector } from '../labels.ts'

/** A selector of pods that is required; `kind` is how upstream calls its owner. */
export function validatePodSelector(selector: LabelSelector | undefined, kind: string, field: Field): void {
  if (!selector) {
    field.required()
    return
  }
  validateLabelSelector(selector, field)
  if (isEmptySelector(selector)) field.invalid(selector, `empty selector is invalid for ${kind}`)
}

/** False when nothing could be selected with it, for a reason that has been told. */
export function isUsableSelector(selector: LabelSelector | undefined, options?: SelectorOptions): boolean {
  const scratch = new Field([])
  validateLabelSelector(selector, scratch, options)
  return scratch.causes.length === 0
}

/** Pods of a template have to be its owner's; `field` is the template's. */
export function validateTemplateLabels(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  field: Field,
): void {
  const labels = template?.metadata?.labels
  if (labelMatcher(selector)(labels)) return
  // Go shows maps in the order of their keys.
  const shown = labels && Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
  field.at('metadata', 'labels').invalid(shown, '`selector` does not match template `labels`')
}

/** Pods that are always kept running; `kind` is how upstream calls their owner here. */
export function validateLongRunning(template: PodTemplateSpec | undefined, kind: string, field: Field): void {
  const { restartPolicy = '', activeDeadlineSeconds } = template?.spec ?? {}
  if (restartPolicy !== 'Always') field.at('spec', 'restartPolicy').notSupported(restartPolicy, ['Always'])
  if (activeDeadlineSeconds !== undefined) {
    field.at('spec', 'activeDeadlineSeconds').forbidden(`activeDeadlineSeconds in ${kind} is not Supported`)
  }
}

interface Collisions {
  collisionCount?: number
}

export function validateCollisionCount(next: Collisions = {}, old: Collisions = {}, field: Field): void {
  const { collisionCount = 0 } = next
  if (old.collisionCount !== undefined && collisionCount < old.collisionCount)
    field.at('collisionCount').invalid(collisionCount, 'cannot be decremented')
}
