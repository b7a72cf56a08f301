import { isReason } from '../../api/api-error.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { IndexSet } from './index-set.ts'
import { conditionTrue, ensureCondition, newCondition } from './job-conditions.ts'
import { completionIndex, hasLimitPerIndex, hasValidIndex, isIndexed, isPodFailed } from './job-pods.ts'
import { countsAsFailure, isTracked, type JobSync, writeStatus } from './job-sync.ts'
import { removeFinalizer } from './manage-pods.ts'

const maxUncounted = 500

/** What the controller remembers beyond one reconcile. */
export interface Tracking {
  /** These pods lose their finalizer now. */
  expectRemoval(uids: string[]): void
  /** One did not after all, or is gone. */
  removalFailed(uid: string): void
  /** The failures of this reconcile are in the status: they count for the back-off. */
  commitBackoff(): void
}

/**
 * Counts pods so that none is lost or counted twice, whatever stops us in between: first the status notes their uids, then
 * their finalizers go, then the notes become counts. The last write also marks the job as finished.
 *
 * @returns whether the job has been marked as finished
 */
export async function trackStatus(sync: JobSync, changed: boolean, tracking: Tracking): Promise<boolean> {
  const holding = new Set(
    sync.pods.filter((pod) => isTracked(sync, pod)).map(({ metadata }) => metadata.uid ?? ''),
  )
  let dirty = countReleased(sync, holding) || changed
  const { release, noted, full } = notePods(sync)
  if (noted) dirty = true
  if (noteIndexes(sync, release)) dirty = true
  if (noteTarget(sync)) dirty = true
  if (dirty) {
    await writeStatus(sync)
    tracking.commitBackoff()
    dirty = false
  }

  const failure = await releasePods(sync, release, holding, tracking)
  if (countReleased(sync, holding)) dirty = true
  if (failure !== undefined) {
    if (dirty) await writeStatus(sync)
    throw failure
  }
  const finished = !full && markFinished(sync)
  if (finished || dirty) await writeStatus(sync)
  return finished
}

/** Notes become counts for pods that have no finalizer any more. */
function countReleased({ job, uncounted }: JobSync, holding: Set<string>): boolean {
  const notes = job.status.uncountedTerminatedPods ?? {}
  const { succeeded = [], failed = [] } = notes
  const left = {
    succeeded: succeeded.filter((uid) => holding.has(uid)),
    failed: failed.filter((uid) => holding.has(uid)),
  }
  const counted = succeeded.length - left.succeeded.length + failed.length - left.failed.length
  if (counted === 0) return false
  job.status.succeeded = (job.status.succeeded ?? 0) + succeeded.length - left.succeeded.length
  job.status.failed = (job.status.failed ?? 0) + failed.length - left.failed.length
  job.status.uncountedTerminatedPods = left
  uncounted.succeeded = new Set(left.succeeded)
  uncounted.failed = new Set(left.failed)
  return true
}

/** Chooses the pods that may go and notes those that are to be counted. */
function notePods(sync: JobSync): { release: Pod[]; noted: boolean; full: boolean } {
  const { job, uncounted } = sync
  const notes = job.status.uncountedTerminatedPods ?? {}
  const succeeded = [...(notes.succeeded ?? [])]
  const failed = [...(notes.failed ?? [])]
  const before = succeeded.length + failed.length
  const release: Pod[] = []
  let newIndexes = 0
  let full = false
  for (const pod of sync.pods) {
    if (!isTracked(sync, pod) || !mayRelease(sync, pod)) continue
    release.push(pod)
    const uid = pod.metadata.uid ?? ''
    if (pod.status?.phase === 'Succeeded' && !uncounted.failed.has(uid)) {
      if (isIndexed(job)) {
        if (hasValidIndex(job, pod) && !sync.before.has(completionIndex(pod))) newIndexes++
      } else if (!uncounted.succeeded.has(uid)) succeeded.push(uid)
    } else if (isPodFailed(job, pod) || (sync.ending && sync.ending.type !== 'SuccessCriteriaMet')) {
      const counts = !uncounted.failed.has(uid) && hasValidIndex(job, pod) && countsAsFailure(job, pod)
      if (counts) failed.push(uid)
    }
    if (newIndexes + succeeded.length + failed.length >= maxUncounted) {
      full = true
      break
    }
  }
  job.status.uncountedTerminatedPods = { succeeded, failed }
  return { release, noted: succeeded.length + failed.length > before || newIndexes > 0, full }
}

function mayRelease({ job, ending, waitingPerIndex }: JobSync, pod: Pod): boolean {
  if (job.metadata.deletionTimestamp || ending || pod.status?.phase === 'Succeeded') return true
  if (!isPodFailed(job, pod)) return false
  // Its successor will read from it how often the index has failed.
  const waits = hasLimitPerIndex(job) && waitingPerIndex.get(completionIndex(pod))
  return !waits || waits.metadata.uid !== pod.metadata.uid
}

function noteIndexes(sync: JobSync, release: Pod[]): boolean {
  const { job } = sync
  if (!isIndexed(job)) return false
  const fresh = release.filter((pod) => pod.status?.phase === 'Succeeded' && hasValidIndex(job, pod))
  sync.succeededIndexes = sync.succeededIndexes.union(IndexSet.of(fresh.map(completionIndex)))
  const completed = sync.succeededIndexes.toString()
  const failed = sync.failedIndexes?.toString()
  const changed = completed !== (job.status.completedIndexes ?? '') || failed !== job.status.failedIndexes
  job.status.completedIndexes = completed
  job.status.succeeded = sync.succeededIndexes.size
  if (failed !== undefined) job.status.failedIndexes = failed
  return changed
}

/** The decision is written down before anything is made of it. */
function noteTarget(sync: JobSync): boolean {
  const { job, ending, now } = sync
  if (!ending) return false
  const { type, reason = '', message = '' } = ending
  if (type === 'FailureTarget') {
    job.status.conditions = [...(job.status.conditions ?? []), ending]
    sync.ending = newCondition('Failed', 'True', reason, message, now)
    return true
  }
  if (type !== 'SuccessCriteriaMet') return false
  const known = conditionTrue(job, 'SuccessCriteriaMet') !== undefined
  if (!known) job.status.conditions = [...(job.status.conditions ?? []), ending]
  sync.ending = newCondition('Complete', 'True', reason, message, now)
  return !known
}

/** @returns the first failure */
async function releasePods(
  { client }: JobSync,
  release: Pod[],
  holding: Set<string>,
  tracking: Tracking,
): Promise<unknown> {
  tracking.expectRemoval(release.map(({ metadata }) => metadata.uid ?? ''))
  let failure: unknown
  await Promise.all(
    release.map(async (pod) => {
      const uid = pod.metadata.uid ?? ''
      try {
        await removeFinalizer(client, pod)
      } catch (error) {
        tracking.removalFailed(uid)
        if (!isReason(error, 'NotFound')) {
          failure ??= error
          return
        }
      }
      holding.delete(uid)
    }),
  )
  return failure
}

function markFinished({ job, ending, terminatingCount }: JobSync): boolean {
  if (!ending) return false
  const { succeeded = [], failed = [] } = job.status.uncountedTerminatedPods ?? {}
  if (succeeded.length + failed.length > 0 || terminatingCount > 0) return false
  const { conditions } = ensureCondition(job.status.conditions, ending)
  job.status.conditions = conditions
  if (ending.type === 'Complete' && ending.lastTransitionTime)
    job.status.completionTime = ending.lastTransitionTime
  return true
}
