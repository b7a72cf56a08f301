import { toTime } from '../../api/time.ts'
import type { NamespaceCondition } from '../../api/types/core-v1.ts'
import { withCondition } from '../../client/conditions.ts'
import { errorMessage } from '../common/errors.ts'
import type { Remains } from './delete-content.ts'

/** Type, and reason and message when all is well; in the order in which they are added. */
const kinds: [type: string, reason: string, message: string][] = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  [
    'NamespaceDeletionGroupVersionParsingFailure',
    'ParsedGroupVersions',
    'All legacy kube types successfully parsed',
  ],
  [
    'NamespaceDeletionContentFailure',
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  ['NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
]

/** The conditions of a namespace that is being emptied; the same list when nothing is new. */
export function namespaceConditions(
  before: NamespaceCondition[] | undefined,
  { failures, counts, finalizers }: Remains,
  now: number,
): NamespaceCondition[] {
  const bad = new Map<string, { reason: string; message: string }>()
  if (failures.length > 0) {
    const texts = failures.map(errorMessage).sort()
    bad.set('NamespaceDeletionContentFailure', {
      reason: 'ContentDeletionFailed',
      message: `Failed to delete all resource types, ${failures.length} remaining: ${texts.join(', ')}`,
    })
  }
  if (counts.size > 0) {
    const texts = [...counts].map(([resource, count]) => `${resource} has ${count} resource instances`)
    bad.set('NamespaceContentRemaining', {
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${texts.sort().join(', ')}`,
    })
  }
  if (finalizers.size > 0) {
    const texts = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`)
    bad.set('NamespaceFinalizersRemaining', {
      reason: 'SomeFinalizersRemain',
      message: `Some content in the namespace has finalizers remaining: ${texts.sort().join(', ')}`,
    })
  }
  const time = toTime(now)
  return kinds.reduce<NamespaceCondition[]>((conditions, [type, reason, message]) => {
    const problem = bad.get(type)
    const condition = problem
      ? { type, status: 'True', ...problem }
      : { type, status: 'False', reason, message }
    return withCondition(conditions, condition, time)
  }, before ?? [])
}
