import type { StoredKubeObject } from '../../../api/kube-object.ts'
import { isQualifiedName } from '../../../api/validation/formats.ts'

const standard = new Set(['orphan', 'foregroundDeletion', 'kubernetes'])

/** Custom resources: new finalizers ought to say whose they are. */
export function finalizerWarnings(object: StoredKubeObject, old: StoredKubeObject | undefined): string[] {
  const before = new Set(old?.metadata.finalizers)
  const added = [...new Set(object.metadata.finalizers)].filter((finalizer) => !before.has(finalizer)).sort()
  return added.flatMap((finalizer) => {
    const warnings = isQualifiedName(finalizer)
    if (!finalizer.includes('/') && !standard.has(finalizer)) {
      const path = finalizer.includes('.') ? ' including a path (/)' : ''
      warnings.push(
        `prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`,
      )
    }
    return warnings.map((warning) => `metadata.finalizers: ${JSON.stringify(finalizer)}: ${warning}`)
  })
}
