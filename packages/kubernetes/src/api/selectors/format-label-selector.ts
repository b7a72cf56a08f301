import type { LabelSelector } from '../types/meta-v1.ts'

/** A `meta/v1 LabelSelector` in its string form, sorted by key as upstream prints it. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  const terms: { key: string; text: string }[] = Object.entries(selector?.matchLabels ?? {}).map(
    ([key, value]) => ({ key, text: `${key}=${value}` }),
  )
  for (const { key, operator, values = [] } of selector?.matchExpressions ?? []) {
    const list = `(${[...values].sort().join(',')})`
    const text =
      operator === 'In'
        ? `${key} in ${list}`
        : operator === 'NotIn'
          ? `${key} notin ${list}`
          : operator === 'Exists'
            ? key
            : `!${key}`
    terms.push({ key, text })
  }
  return terms
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ text }) => text)
    .join(',')
}
