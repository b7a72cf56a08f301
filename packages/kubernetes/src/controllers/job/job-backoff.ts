import { isSidecar } from '../../api/scheduling/pod-resources.ts'
import { parseTime } from '../../api/time.ts'
import type { ContainerStatus, Pod } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { ignoredIndexFailures, indexFailures } from './job-pods.ts'

const firstMs = 10_000
const longestMs = 10 * 60_000

/** Failures since the last success, and when the last one was. */
export interface BackoffRecord {
  failures: number
  lastFailure?: number
}

export const noFailures: BackoffRecord = { failures: 0 }

export function nextRecord(before: BackoffRecord, succeeded: Pod[], failed: Pod[]): BackoffRecord {
  const times = failed.map(finishedAt)
  if (succeeded.length === 0) {
    if (failed.length === 0) return before
    return { failures: before.failures + failed.length, lastFailure: Math.max(...times) }
  }
  const lastSuccess = Math.max(...succeeded.map(finishedAt))
  const since = times.filter((time) => time > lastSuccess)
  return since.length > 0 ? { failures: since.length, lastFailure: Math.max(...since) } : noFailures
}

/** Milliseconds until a failed pod may be replaced: 10 s, doubled with each failure, at most 10 minutes. */
export function backoffLeft({ failures, lastFailure = 0 }: BackoffRecord, now: number): number {
  if (failures === 0) return 0
  const delay = Math.min(firstMs * 2 ** (failures - 1), longestMs)
  return Math.max(0, lastFailure + delay - now)
}

/** The same for the pod of one index, which is told how often the index has failed. */
export function indexBackoffLeft(lastFailed: Pod | undefined, now: number): number {
  if (!lastFailed) return 0
  const failures = indexFailures(lastFailed) + ignoredIndexFailures(lastFailed) + 1
  return backoffLeft({ failures, lastFailure: finishedAt(lastFailed) }, now)
}

/** When the pod's containers had ended, or else the best guess. Milliseconds since the epoch. */
export function finishedAt(pod: Pod): number {
  return (
    containersEnd(pod) ??
    notReadySince(pod) ??
    deletedAt(pod) ??
    parseTime(pod.metadata.creationTimestamp) ??
    0
  )
}

function containersEnd({ spec, status }: Pod): number | undefined {
  const sidecars = new Set(spec?.initContainers?.filter(isSidecar).map(({ name }) => name))
  const statuses: ContainerStatus[] = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
  ]
  const ends = statuses.map(({ state }) => parseTime(state?.terminated?.finishedAt))
  return ends.length > 0 && ends.every((end) => end !== undefined) ? Math.max(...ends) : undefined
}

function notReadySince({ status }: Pod): number | undefined {
  const ready = findCondition(status?.conditions, 'Ready')
  return ready?.status === 'False' ? parseTime(ready.lastTransitionTime) : undefined
}

function deletedAt({ metadata }: Pod): number | undefined {
  const ends = parseTime(metadata.deletionTimestamp)
  return ends === undefined ? undefined : ends - (metadata.deletionGracePeriodSeconds ?? 0) * 1000
}
