import { deepEqual } from '../../json.ts'
import type { NodeAffinity } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'

type Labels = Record<string, string> | undefined

/** While gates hold a pod back, where it may run can be narrowed down, and only that. */
export function validateGatedNodeSelector(next: Labels, old: Labels, field: Field): void {
  if (deepEqual(next ?? {}, old ?? {})) return
  for (const [key, value] of Object.entries(old ?? {}))
    if (next?.[key] !== value) {
      field.invalid(next, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)')
      return
    }
}

export function validateGatedNodeAffinity(
  next: NodeAffinity | undefined,
  old: NodeAffinity | undefined,
  field: Field,
): void {
  const required = old?.requiredDuringSchedulingIgnoredDuringExecution
  if (!required) return
  const at = field.at('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms')
  const terms = required.nodeSelectorTerms ?? []
  const nextTerms = next?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  if (nextTerms.length !== terms.length) {
    at.invalid(nextTerms, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed')
    return
  }
  for (const [index, term] of terms.entries()) {
    const now = nextTerms[index] ?? {}
    const isEmpty = !term.matchExpressions?.length && !term.matchFields?.length
    const isExtended = (['matchExpressions', 'matchFields'] as const).every((kind) =>
      (term[kind] ?? []).every((expression, i) => deepEqual(expression, now[kind]?.[i])),
    )
    const isTaken = isEmpty && (now.matchExpressions?.length || now.matchFields?.length)
    if (isTaken || !isExtended)
      at.index(index).invalid(now, 'only additions are allowed (no mutations or deletions)')
  }
}
