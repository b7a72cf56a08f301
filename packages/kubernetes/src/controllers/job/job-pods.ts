import type { Job } from '../../api/types/batch-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
export const indexAnnotation = 'batch.kubernetes.io/job-completion-index'
export const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count'
export const ignoredCountAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count'

export function hasTrackingFinalizer({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) === true
}

export function isIndexed({ spec }: Job): boolean {
  return spec?.completionMode === 'Indexed'
}

export function isSuspended({ spec }: Job): boolean {
  return spec?.suspend === true
}

export function hasLimitPerIndex({ spec }: Job): boolean {
  return spec?.backoffLimitPerIndex !== undefined
}

/** Some other controller's job. */
export function isManagedElsewhere({ spec }: Job): boolean {
  return spec?.managedBy !== undefined && spec.managedBy !== 'kubernetes.io/job-controller'
}

export function isFinished({ status }: Job): boolean {
  return (
    status?.conditions?.some(
      ({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True',
    ) === true
  )
}

/** A pod is replaced only when it has failed, not already when it is on its way out. */
export function replacesFailedOnly({ spec }: Job): boolean {
  return spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy !== undefined
}

export function isPodFailed(job: Job, { metadata, status }: Pod): boolean {
  if (status?.phase === 'Failed') return true
  if (replacesFailedOnly(job)) return false
  return metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded'
}

/** -1 when the pod has none. */
export function completionIndex({ metadata }: Pod): number {
  const text = metadata.annotations?.[indexAnnotation]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : -1
}

/** The index is one of the job's; always true for jobs without indexes. */
export function hasValidIndex(job: Job, pod: Pod): boolean {
  if (!isIndexed(job)) return true
  const index = completionIndex(pod)
  return index >= 0 && index < (job.spec?.completions ?? 0)
}

function count(pod: Pod, annotation: string): number {
  const text = pod.metadata.annotations?.[annotation] ?? ''
  const value = /^\d+$/.test(text) ? Number(text) : 0
  return value <= 0x7fffffff ? value : 0
}

/** Failures of the pod's index before this pod that count towards its limit. */
export function indexFailures(pod: Pod): number {
  return count(pod, failureCountAnnotation)
}

export function ignoredIndexFailures(pod: Pod): number {
  return count(pod, ignoredCountAnnotation)
}
