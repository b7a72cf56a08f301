import type { StoredKubeObject } from '../../api/kube-object.ts'
import { toTime } from '../../api/time.ts'
import type { Namespace } from '../../api/types/core-v1.ts'
import type { ResourceHooks } from './resource-hooks.ts'

/** A namespace goes when its controller has emptied it and has taken `kubernetes` out of `spec.finalizers`. */
export function namespaceHooks(now: () => number): ResourceHooks {
  return {
    mayRemove: (object) =>
      object.metadata.deletionTimestamp !== undefined && finalizersOf(object).length === 0,
    markDeleted(object) {
      if (object.metadata.deletionTimestamp && object.status) {
        const { phase } = object.status as { phase?: string }
        if (phase === 'Terminating') return object
      }
      return {
        ...object,
        metadata: {
          ...object.metadata,
          deletionTimestamp: object.metadata.deletionTimestamp ?? toTime(now()),
        },
        status: { ...(object.status as object), phase: 'Terminating' },
      }
    },
  }
}

function finalizersOf(object: StoredKubeObject): string[] {
  return (object as StoredKubeObject & Namespace).spec?.finalizers ?? []
}
