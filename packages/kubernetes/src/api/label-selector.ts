import type { LabelSelector } from './types/meta-v1.ts'

type Labels = Readonly<Record<string, string>>
export type LabelMatcher = (labels: Labels | undefined) => boolean

const none: Labels = Object.freeze({})
/** No label value looks like this. */
const absent = '\0'

/** Own fields only: `constructor` is a fine name for a label. */
function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined
}

/** What a `meta/v1 LabelSelector` selects: an absent one nothing, an empty one everything. */
export function labelMatcher(selector: LabelSelector | undefined): LabelMatcher {
  if (!selector) return () => false
  const exact = Object.entries(selector.matchLabels ?? {})
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }) => {
    return expressionMatcher(key, operator, values ?? [])
  })
  if (expressions.length === 0) return equalityMatcher(exact)
  const equal = equalityMatcher(exact)
  return (labels) => equal(labels) && expressions.every((matches) => matches(labels))
}

/** What a plain map selects, such as a Service's `spec.selector` or a pod's `nodeSelector`: an empty one everything. */
export function labelMapMatcher(selector: Labels | undefined): LabelMatcher {
  return equalityMatcher(Object.entries(selector ?? {}))
}

function equalityMatcher(wanted: [string, string][]): LabelMatcher {
  return (labels = none) => wanted.every(([key, value]) => labelOf(labels, key) === value)
}

/** One requirement of a selector; operators are those of label selectors and, with `Gt` and `Lt`, of node selectors. */
export function expressionMatcher(key: string, operator: string, values: readonly string[]): LabelMatcher {
  switch (operator) {
    case 'In':
      return (labels = none) => values.includes(labelOf(labels, key) ?? absent)
    case 'NotIn':
      return (labels = none) => !values.includes(labelOf(labels, key) ?? absent)
    case 'Exists':
      return (labels = none) => labelOf(labels, key) !== undefined
    case 'DoesNotExist':
      return (labels = none) => labelOf(labels, key) === undefined
    case 'Gt':
      return (labels = none) => compareIntegers(labelOf(labels, key), values[0]) > 0
    case 'Lt':
      return (labels = none) => compareIntegers(labelOf(labels, key), values[0]) < 0
    default:
      return () => false
  }
}

/** NaN, which is neither above nor below, when one is no integer. */
function compareIntegers(left: string | undefined, right: string | undefined): number {
  if (left === undefined || right === undefined || !isInteger(left) || !isInteger(right)) return Number.NaN
  const difference = BigInt(left) - BigInt(right)
  return difference > 0n ? 1 : difference < 0n ? -1 : 0
}

function isInteger(text: string): boolean {
  return /^-?\d+$/.test(text)
}
