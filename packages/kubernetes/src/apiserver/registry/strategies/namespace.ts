import type { Namespace } from '../../../api/types/core-v1.ts'
import type { KindRules } from './kind-rules.ts'
import { carry } from './make-strategy.ts'

const finalizer = 'kubernetes'

/**
 * A namespace is Active until deleted, and held by a finalizer of its spec that only the `finalize` subresource takes
 * away.
 */
export const namespaceRules: KindRules = {
  create(object) {
    const namespace = object as unknown as Namespace
    namespace.status = { phase: 'Active' }
    const finalizers = namespace.spec?.finalizers ?? []
    namespace.spec = {
      ...namespace.spec,
      finalizers: finalizers.includes(finalizer) ? finalizers : [...finalizers, finalizer],
    }
  },
  update(next, old) {
    const namespace = next as unknown as Namespace
    const before = old as unknown as Namespace
    const { finalizers: _, ...spec } = namespace.spec ?? {}
    namespace.spec = before.spec?.finalizers ? { ...spec, finalizers: before.spec.finalizers } : spec
  },
  subresources: {
    finalize(next, old) {
      carry(next, old, 'status')
    },
  },
  canonicalize(object) {
    object.metadata.labels = {
      ...object.metadata.labels,
      'kubernetes.io/metadata.name': object.metadata.name ?? '',
    }
  },
}
