import type { StoredKubeObject } from '../../api/kube-object.ts'
import { toTime } from '../../api/time.ts'
import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.ts'
import type { ResourceHooks } from '../registry/resource-hooks.ts'
import { setCondition } from './definition-conditions.ts'

/** Keeps a deleted definition until its objects are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

/** A definition that is deleted waits for its objects' end, and says so. */
export function definitionHooks(now: () => number): ResourceHooks {
  return {
    mayRemove: ({ metadata }) => metadata.deletionTimestamp !== undefined,
    markDeleted(object) {
      if (object.metadata.deletionTimestamp) return object
      const finalizers = object.metadata.finalizers ?? []
      const marked = {
        ...object,
        metadata: {
          ...object.metadata,
          deletionTimestamp: toTime(now()),
          finalizers: finalizers.includes(cleanupFinalizer) ? finalizers : [...finalizers, cleanupFinalizer],
        },
      }
      const condition = {
        type: 'Terminating',
        status: 'True',
        reason: 'InstanceDeletionPending',
        message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
      }
      setCondition(marked as unknown as CustomResourceDefinition, condition, now())
      return marked as StoredKubeObject
    },
  }
}
