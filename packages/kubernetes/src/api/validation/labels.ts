import type { LabelSelector, LabelSelectorRequirement } from '../types/meta-v1.ts'
import type { Field } from './field.ts'
import { isLabelValue, isQualifiedName } from './formats.ts'

export function validateLabels(labels: Record<string, string> | undefined, field: Field): void {
  for (const key in labels) {
    field.check(key, isQualifiedName(key))
    const value = labels[key] ?? ''
    field.check(value, isLabelValue(value))
  }
}

export interface SelectorOptions {
  /** Values that are no label values stay where they were before. */
  allowInvalidValues?: boolean
}

/** A `meta/v1 LabelSelector`; an absent one is fine here. */
export function validateLabelSelector(
  selector: LabelSelector | undefined,
  field: Field,
  options: SelectorOptions = {},
): void {
  if (!selector) return
  validateLabels(selector.matchLabels, field.at('matchLabels'))
  for (const [index, expression] of (selector.matchExpressions ?? []).entries())
    validateRequirement(expression, field.at('matchExpressions').index(index), options)
}

function validateRequirement(
  { key, operator, values = [] }: LabelSelectorRequirement,
  field: Field,
  { allowInvalidValues }: SelectorOptions,
): void {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0)
        field.at('values').required("must be specified when `operator` is 'In' or 'NotIn'")
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0)
        field.at('values').forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
      break
    default:
      field.at('operator').invalid(operator, 'not a valid selector operator')
  }
  field.at('key').check(key, isQualifiedName(key))
  if (allowInvalidValues) return
  for (const [index, value] of values.entries())
    field.at('values').index(index).check(value, isLabelValue(value))
}

/** True when a selector already has values that a label cannot have. */
export function hasInvalidLabelValue(selector: LabelSelector | undefined): boolean {
  return (selector?.matchExpressions ?? []).some((expression) =>
    (expression.values ?? []).some((value) => isLabelValue(value).length > 0),
  )
}

export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  return (
    !selector ||
    (Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0)
  )
}
