import { formatLabelSelector } from '../../api/selectors/format-label-selector.ts'
import type { Container } from '../../api/types/core-v1.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'

export function orNone(text: string | undefined): string {
  return text || '<none>'
}

export function labelsCell(labels: Record<string, string> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return orNone(pairs.sort().join(','))
}

export function selectorCell(selector: LabelSelector | undefined): string {
  return orNone(formatLabelSelector(selector))
}

export function containerCells(
  containers: readonly Container[] | undefined,
): [names: string, images: string] {
  const all = containers ?? []
  return [all.map(({ name }) => name).join(','), all.map(({ image }) => image ?? '').join(',')]
}

/** The first few, and how many more there are. */
export function listCell(items: readonly string[], most: number, separator = ','): string {
  const text = items.slice(0, most).join(separator)
  return items.length > most ? `${text} + ${items.length - most} more...` : text
}

/** `Ready=True` and the like. */
export function hasCondition(
  conditions: readonly { type: string; status: string }[] | undefined,
  type: string,
): boolean {
  return conditions?.find((condition) => condition.type === type)?.status === 'True'
}

/** What follows the name of a default class. */
export function defaultMark(
  annotations: Record<string, string> | undefined,
  keys: readonly string[],
): string {
  return keys.some((key) => annotations?.[key] === 'true') ? ' (default)' : ''
}
