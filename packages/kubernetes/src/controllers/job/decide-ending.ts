import { parseTime } from '../../api/time.ts'
import type { JobCondition } from '../../api/types/batch-v1.ts'
import { IndexSet } from './index-set.ts'
import { finishedAt } from './job-backoff.ts'
import { conditionTrue, newCondition } from './job-conditions.ts'
import {
  completionIndex,
  hasLimitPerIndex,
  hasTrackingFinalizer,
  hasValidIndex,
  ignoredIndexFailures,
  indexFailures,
  isIndexed,
  isPodFailed,
  isSuspended,
} from './job-pods.ts'
import { isTracked, type JobSync, succeededIndexes } from './job-sync.ts'
import { judgeFailure, matchSuccess } from './policies.ts'

/** Finds out whether and how the job ends, and on the way which indexes have succeeded and failed. */
export function decideEnding(sync: JobSync): void {
  const { job, pods, now } = sync
  sync.ending = conditionTrue(job, 'SuccessCriteriaMet') ?? failureFromPolicy(sync) ?? failureFromLimits(sync)
  if (!sync.ending) scheduleDeadline(sync)
  if (!isIndexed(job)) return
  const { before, all } = succeededIndexes(job, pods)
  sync.before = before
  sync.succeededIndexes = all
  sync.succeeded = all.size
  if (hasLimitPerIndex(job)) {
    sync.failedIndexes = failedIndexes(sync)
    sync.ending ??= failureFromIndexes(sync, sync.failedIndexes)
    sync.waitingPerIndex = waitingPerIndex(sync, sync.failedIndexes)
  }
  if (sync.ending) return
  const message = matchSuccess(job.spec.successPolicy, job.spec.completions ?? 0, all)
  if (message) sync.ending = newCondition('SuccessCriteriaMet', 'True', 'SuccessPolicy', message, now)
}

function failureFromPolicy({ job, pods, now }: JobSync): JobCondition | undefined {
  const target = conditionTrue(job, 'FailureTarget')
  if (target) return newCondition('Failed', 'True', target.reason ?? '', target.message ?? '', now)
  if (!job.spec.podFailurePolicy) return undefined
  for (const pod of pods) {
    if (!isPodFailed(job, pod)) continue
    const { failJob } = judgeFailure(job.spec.podFailurePolicy, pod)
    if (failJob) return newCondition('FailureTarget', 'True', 'PodFailurePolicy', failJob, now)
  }
  return undefined
}

function failureFromLimits(sync: JobSync): JobCondition | undefined {
  const { job, now } = sync
  if (sync.failed > (job.spec.backoffLimit ?? 6) || isPastRestarts(sync)) {
    const message = 'Job has reached the specified backoff limit'
    return newCondition('FailureTarget', 'True', 'BackoffLimitExceeded', message, now)
  }
  const deadline = deadlineOf(sync)
  if (deadline !== undefined && now >= deadline) {
    const message = 'Job was active longer than specified deadline'
    return newCondition('FailureTarget', 'True', 'DeadlineExceeded', message, now)
  }
  return undefined
}

/** With restartPolicy OnFailure it is the restarts of containers that count. */
function isPastRestarts({ job, pods }: JobSync): boolean {
  if (job.spec.template.spec?.restartPolicy !== 'OnFailure') return false
  const limit = job.spec.backoffLimit ?? 6
  let restarts = 0
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue
    for (const each of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
      restarts += each.restartCount
    }
  }
  return limit === 0 ? restarts > 0 : restarts >= limit
}

function deadlineOf({ job }: JobSync): number | undefined {
  const started = parseTime(job.status.startTime)
  const { activeDeadlineSeconds } = job.spec
  if (activeDeadlineSeconds === undefined || started === undefined || isSuspended(job)) return undefined
  return started + activeDeadlineSeconds * 1000
}

function scheduleDeadline(sync: JobSync): void {
  const deadline = deadlineOf(sync)
  if (deadline !== undefined) sync.again(deadline - sync.now)
}

function failedIndexes({ job, pods }: JobSync): IndexSet {
  const before = IndexSet.parse(job.status.failedIndexes, job.spec.completions ?? 0)
  const fresh = pods.filter((pod) => {
    if (!hasValidIndex(job, pod) || !hasTrackingFinalizer(pod) || !isPodFailed(job, pod)) return false
    const { counts, action } = judgeFailure(job.spec.podFailurePolicy, pod)
    return action === 'FailIndex' || (counts && indexFailures(pod) >= (job.spec.backoffLimitPerIndex ?? 0))
  })
  return before.union(IndexSet.of(fresh.map(completionIndex)))
}

function failureFromIndexes(
  { job, succeededIndexes: good, now }: JobSync,
  failed: IndexSet,
): JobCondition | undefined {
  const { maxFailedIndexes, completions = 0 } = job.spec
  if (maxFailedIndexes !== undefined && failed.size > maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes'
    return newCondition('FailureTarget', 'True', 'MaxFailedIndexesExceeded', message, now)
  }
  if (failed.size > 0 && failed.size + good.size >= completions) {
    return newCondition('FailureTarget', 'True', 'FailedIndexes', 'Job has failed indexes', now)
  }
  return undefined
}

function waitingPerIndex(sync: JobSync, failed: IndexSet) {
  const { job, pods, active, succeededIndexes: good } = sync
  const running = IndexSet.of(active.map(completionIndex).filter((index) => index >= 0))
  const waiting: JobSync['waitingPerIndex'] = new Map()
  for (const pod of pods) {
    if (!isTracked(sync, pod) || !hasValidIndex(job, pod) || !isPodFailed(job, pod)) continue
    const index = completionIndex(pod)
    if (good.has(index) || failed.has(index) || running.has(index)) continue
    const known = waiting.get(index)
    const failures = indexFailures(pod) + ignoredIndexFailures(pod)
    const isLater =
      known === undefined ||
      (indexFailures(known) + ignoredIndexFailures(known) <= failures && finishedAt(pod) >= finishedAt(known))
    if (isLater) waiting.set(index, pod)
  }
  return waiting
}
