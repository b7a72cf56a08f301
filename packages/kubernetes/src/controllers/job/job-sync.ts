import { cloneJson } from '../../api/json.ts'
import type { Job, JobCondition, JobSpec, JobStatus } from '../../api/types/batch-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/event-recorder.ts'
import { jobs } from '../../client/resources.ts'
import type { Expectations } from '../common/expectations.ts'
import type { PodControl } from '../common/pod-control.ts'
import { IndexSet } from './index-set.ts'
import type { BackoffRecord } from './job-backoff.ts'
import { completionIndex, hasTrackingFinalizer, hasValidIndex, isPodFailed } from './job-pods.ts'
import { judgeFailure } from './policies.ts'

export type OwnJob = Job & { spec: JobSpec; status: JobStatus }

/** One reconcile of one Job. */
export interface JobSync {
  key: string
  client: Client
  events: EventRecorder
  podControl: PodControl
  expectations: Expectations
  now: number
  /** A copy of our own; its status is changed and written. */
  job: OwnJob
  pods: Pod[]
  active: Pod[]
  /** Counted down and up as pods are deleted and created. */
  activeCount: number
  readyCount: number
  terminatingCount: number
  succeeded: number
  failed: number
  /** Uids of pods that the status has noted but not counted. */
  uncounted: { succeeded: Set<string>; failed: Set<string> }
  /** Pods whose finalizer has been removed, which the cache does not show yet. */
  withoutFinalizer: ReadonlySet<string>
  backoff: BackoffRecord
  /** How the job ends, once that is clear. */
  ending?: JobCondition
  before: IndexSet
  succeededIndexes: IndexSet
  failedIndexes?: IndexSet
  /** The last failed pod of each index that waits for its replacement. */
  waitingPerIndex: Map<number, Pod>
  again(ms: number): void
}

/** Pods that still have to be counted. */
export function isTracked({ withoutFinalizer }: Pick<JobSync, 'withoutFinalizer'>, pod: Pod): boolean {
  return hasTrackingFinalizer(pod) && !withoutFinalizer.has(pod.metadata.uid ?? '')
}

/** Pods that have ended and are in no count yet. */
export function newlyFinished(sync: Pick<JobSync, 'job' | 'pods' | 'uncounted' | 'withoutFinalizer'>): {
  succeeded: Pod[]
  failed: Pod[]
} {
  const { job, pods, uncounted } = sync
  const valid = pods.filter((pod) => isTracked(sync, pod) && hasValidIndex(job, pod))
  const isNew = (seen: Set<string>) => (pod: Pod) => !seen.has(pod.metadata.uid ?? '')
  return {
    succeeded: valid.filter(isNew(uncounted.succeeded)).filter(({ status }) => status?.phase === 'Succeeded'),
    failed: valid.filter(isNew(uncounted.failed)).filter((pod) => isPodFailed(job, pod)),
  }
}

export function succeededIndexes(job: OwnJob, pods: Pod[]): { before: IndexSet; all: IndexSet } {
  const before = IndexSet.parse(job.status.completedIndexes, job.spec.completions ?? 0)
  const fresh = pods.filter(
    (pod) => pod.status?.phase === 'Succeeded' && hasValidIndex(job, pod) && hasTrackingFinalizer(pod),
  )
  return { before, all: before.union(IndexSet.of(fresh.map(completionIndex))) }
}

/** Writes the status; the job is the stored one from then on. */
export async function writeStatus(sync: JobSync): Promise<void> {
  const written = await sync.client.update<Job>(jobs, sync.job, { subresource: 'status' })
  sync.job = { ...written, spec: sync.job.spec, status: cloneJson(written.status ?? {}) }
}

/** Whether a failure of the pod counts towards the job's limit. */
export function countsAsFailure({ spec }: OwnJob, pod: Pod): boolean {
  return judgeFailure(spec.podFailurePolicy, pod).counts
}
