import { isReason } from '../../api/api-error.ts'
import type { Container, Pod } from '../../api/types/core-v1.ts'
import { controllerRef } from '../../client/owner-reference.ts'
import { isPodReady, isPodTerminal, isPodTerminating } from '../../client/pod-state.ts'
import { pods as podsResource } from '../../client/resources.ts'
import { isNamespaceTerminating } from '../common/errors.ts'
import { podFromTemplate } from '../common/pod-control.ts'
import { rankForDeletion } from '../common/pod-ranking.ts'
import { slowStart } from '../common/slow-start.ts'
import { IndexSet } from './index-set.ts'
import { backoffLeft, indexBackoffLeft } from './job-backoff.ts'
import {
  completionIndex,
  failureCountAnnotation,
  hasLimitPerIndex,
  hasTrackingFinalizer,
  ignoredCountAnnotation,
  ignoredIndexFailures,
  indexAnnotation,
  indexFailures,
  isIndexed,
  isSuspended,
  replacesFailedOnly,
  trackingFinalizer,
} from './job-pods.ts'
import { countsAsFailure, type JobSync, type OwnJob } from './job-sync.ts'

const burst = 500
const indexEnv = 'JOB_COMPLETION_INDEX'
const longestGeneratedName = 58

/** Brings the number of active pods to what the job wants just now. @throws the first failure, after having done what it can */
export async function managePods(sync: JobSync): Promise<void> {
  const { job, active } = sync
  const wanted = isSuspended(job) ? 0 : wantedActive(sync)
  const surplus = choosePodsToDelete(job, active, Math.max(0, active.length - wanted)).slice(0, burst)
  if (surplus.length > 0) return deleteUncounted(sync, surplus)
  if (isSuspended(job)) return
  const terminating = replacesFailedOnly(job) ? sync.terminatingCount : 0
  const missing = Math.min(wanted - terminating - active.length, burst)
  if (missing > 0) await createPods(sync, missing)
}

function wantedActive({ job, succeeded, active }: JobSync): number {
  const { completions, parallelism = 1 } = job.spec
  // A work queue: the first success means that there is nothing more to begin with.
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism
  return Math.max(0, Math.min(completions - succeeded, parallelism))
}

async function createPods(sync: JobSync, missing: number): Promise<void> {
  const { job, now, again, expectations, key } = sync
  if (!hasLimitPerIndex(job)) {
    const wait = backoffLeft(sync.backoff, now)
    if (wait > 0) {
      again(wait)
      return
    }
  }
  const indexes = isIndexed(job) ? indexesToStart(sync, missing) : undefined
  if (indexes && indexes.length === 0) return
  const count = indexes?.length ?? missing
  expectations.expect(key, count)
  const { done, error } = await slowStart(count, async (position) => {
    try {
      await sync.podControl.create(newPod(sync, indexes?.[position]), { ...job })
    } catch (failure) {
      if (!isNamespaceTerminating(failure)) throw failure
    }
  })
  expectations.created(key, count - done)
  sync.activeCount += done
  if (error !== undefined) throw error
}

/** The lowest indexes without a pod, without those that have to wait after a failure. */
function indexesToStart(sync: JobSync, missing: number): number[] {
  const { job, active, pods, now } = sync
  let taken = sync.succeededIndexes.union(IndexSet.of(indexesOf(active)))
  if (replacesFailedOnly(job)) {
    const terminating = pods.filter((pod) => isPodTerminating(pod) && !isPodTerminal(pod))
    taken = taken.union(IndexSet.of(indexesOf(terminating)))
  }
  if (sync.failedIndexes) taken = taken.union(sync.failedIndexes)
  const candidates = taken.missing(missing, job.spec.completions ?? 0)
  if (!hasLimitPerIndex(job)) return candidates
  const waits = new Map(
    candidates.map((index) => [index, indexBackoffLeft(sync.waitingPerIndex.get(index), now)]),
  )
  const ready = candidates.filter((index) => waits.get(index) === 0)
  const later = [...waits.values()].filter((wait) => wait > 0)
  if (later.length > 0) sync.again(Math.min(...later))
  return ready
}

function indexesOf(pods: Pod[]): number[] {
  return pods.map(completionIndex).filter((index) => index >= 0)
}

function newPod(sync: JobSync, index: number | undefined): Pod {
  const { job } = sync
  const pod = podFromTemplate(job.spec.template, job, controllerRef(job, 'batch/v1', 'Job'))
  const finalizers = [...new Set([...(pod.metadata.finalizers ?? []), trackingFinalizer])]
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } }
  const suffix = `-${index}-`
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      finalizers,
      generateName: `${job.metadata.name?.slice(0, longestGeneratedName - suffix.length)}${suffix}`,
      labels: { ...pod.metadata.labels, [indexAnnotation]: `${index}` },
      annotations: {
        ...pod.metadata.annotations,
        [indexAnnotation]: `${index}`,
        ...(hasLimitPerIndex(job) && failureCounts(job, sync.waitingPerIndex.get(index))),
      },
    },
    spec: {
      ...pod.spec,
      hostname: `${job.metadata.name}-${index}`,
      containers: (pod.spec?.containers ?? []).map(withIndexEnv),
      ...(pod.spec?.initContainers && { initContainers: pod.spec.initContainers.map(withIndexEnv) }),
    },
  }
}

function withIndexEnv(container: Container): Container {
  if (container.env?.some(({ name }) => name === indexEnv)) return container
  const fieldRef = { fieldPath: `metadata.labels['${indexAnnotation}']` }
  return { ...container, env: [...(container.env ?? []), { name: indexEnv, valueFrom: { fieldRef } }] }
}

/** The pod that takes over is told how often its index has failed. */
function failureCounts(job: OwnJob, replaced: Pod | undefined): Record<string, string> {
  if (!replaced) return { [failureCountAnnotation]: '0' }
  const counts = countsAsFailure(job, replaced)
  const ignored = ignoredIndexFailures(replaced) + (counts ? 0 : 1)
  return {
    [failureCountAnnotation]: `${indexFailures(replaced) + (counts ? 1 : 0)}`,
    ...(ignored > 0 && { [ignoredCountAnnotation]: `${ignored}` }),
  }
}

/** At least `count`, and all whose index is double or none of the job's. */
function choosePodsToDelete(job: OwnJob, active: Pod[], count: number): Pod[] {
  if (!isIndexed(job)) return rankForDeletion(active).slice(0, count)
  const completions = job.spec.completions ?? 0
  const byIndex = Map.groupBy(active, completionIndex)
  const chosen: Pod[] = []
  const left: Pod[] = []
  for (const [index, pods] of byIndex) {
    if (index < 0 || index >= completions) chosen.push(...pods)
    else {
      const ranked = rankForDeletion(pods)
      chosen.push(...ranked.slice(0, -1))
      left.push(...ranked.slice(-1))
    }
  }
  return [...chosen, ...rankForDeletion(left).slice(0, Math.max(0, count - chosen.length))]
}

/** Deletes pods without counting them as failed: their finalizer goes first. */
async function deleteUncounted(sync: JobSync, surplus: Pod[]): Promise<void> {
  const { key, expectations, podControl, client, job } = sync
  expectations.expect(
    key,
    0,
    surplus.map(({ metadata }) => metadata.uid ?? ''),
  )
  const results = await Promise.allSettled(
    surplus.map(async (pod) => {
      try {
        if (hasTrackingFinalizer(pod)) await removeFinalizer(client, pod)
        await podControl.delete(pod, { ...job })
      } catch (error) {
        expectations.deleted(key, pod.metadata.uid ?? '')
        if (!isReason(error, 'NotFound')) throw error
      }
    }),
  )
  countDeleted(sync, surplus, results)
}

/** Deletes what is still active when the job ends. The finalizers stay until the pods have been counted. */
export async function deleteActive(sync: JobSync): Promise<void> {
  const results = await Promise.allSettled(
    sync.active.map(async (pod) => {
      try {
        await sync.podControl.delete(pod, { ...sync.job })
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
      }
    }),
  )
  countDeleted(sync, sync.active, results)
}

function countDeleted(sync: JobSync, pods: Pod[], results: PromiseSettledResult<void>[]): void {
  let failure: unknown
  for (const [position, result] of results.entries()) {
    if (result.status === 'rejected') {
      failure ??= result.reason
      continue
    }
    sync.activeCount--
    sync.terminatingCount++
    if (isPodReady(pods[position] as Pod)) sync.readyCount--
  }
  if (failure !== undefined) throw failure
}

export async function removeFinalizer(client: JobSync['client'], { metadata }: Pod): Promise<void> {
  await client.patch(podsResource, metadata.namespace, metadata.name ?? '', 'strategic', {
    metadata: { '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] },
  })
}
