import { isReason } from '../../api/api-error.ts'
import { cloneJson, deepEqual } from '../../api/json.ts'
import { labelMatcher } from '../../api/label-selector.ts'
import { toTime } from '../../api/time.ts'
import type { Job } from '../../api/types/batch-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { controllerOf, isControlledBy } from '../../client/owner-reference.ts'
import { isPodActive, isPodReady, isPodTerminal, isPodTerminating } from '../../client/pod-state.ts'
import { jobs, pods } from '../../client/resources.ts'
import { claim } from '../common/claim.ts'
import { Expectations } from '../common/expectations.ts'
import { createLoop } from '../common/loop.ts'
import { orphanPods, ownedPods, podInformer } from '../common/owned-pods.ts'
import { createPodControl } from '../common/pod-control.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { decideEnding } from './decide-ending.ts'
import { IndexSet } from './index-set.ts'
import { type BackoffRecord, nextRecord, noFailures } from './job-backoff.ts'
import { ensureCondition, newCondition } from './job-conditions.ts'
import {
  hasTrackingFinalizer,
  isFinished,
  isManagedElsewhere,
  isSuspended,
  trackingFinalizer,
} from './job-pods.ts'
import { countsAsFailure, type JobSync, newlyFinished, type OwnJob } from './job-sync.ts'
import { deleteActive, managePods, removeFinalizer } from './manage-pods.ts'
import { trackStatus } from './track-status.ts'

const orphanPrefix = 'orphan '
/** Pods of a large job change by the dozen: one look is enough for all of them. */
const batchMs = 20

/** Keys are those of Jobs, and `orphan <namespace>/<name>` of pods that have a finalizer of ours but no job that needs it. */
export function startJobController(context: ControllerContext): Controller {
  const name = 'job-controller'
  const { client } = context
  const events = context.recorder(name)
  const podControl = createPodControl(client, events)
  const cache = context.informers.informer<Job>(jobs)
  const podCache = podInformer(context)
  const expectations = new Expectations(context.now)
  const removals = new Map<string, Set<string>>()
  const backoffs = new Map<string, BackoffRecord>()
  /** Uids of jobs that are finished, whatever an old cache may say. */
  const finished = new Set<string>()
  const loop = createLoop(context, {
    name,
    caches: [cache, podCache],
    maxBackoffMs: 60_000,
    reconcile: (key) =>
      key.startsWith(orphanPrefix) ? releaseOrphan(key.slice(orphanPrefix.length)) : reconcile(key),
  })

  loop.listen(cache, ({ current, old }) => {
    const job = (current ?? old) as Job
    if (!current || isFinished(job)) {
      for (const pod of ownedPods(podCache, job.metadata.uid ?? '')) {
        if (hasTrackingFinalizer(pod)) loop.queue.add(orphanPrefix + keyOf(pod))
      }
    }
    if (current && old && current.metadata.generation === old.metadata.generation) {
      loop.queue.addAfter(keyOf(job), batchMs)
    } else loop.queue.add(keyOf(job))
  })

  function jobOf(pod: Pod): Job | undefined {
    const reference = controllerOf(pod)
    if (reference?.kind !== 'Job') return undefined
    const job = cache.get(pod.metadata.namespace ?? '', reference.name)
    return job?.metadata.uid === reference.uid ? job : undefined
  }

  loop.listen(podCache, ({ current, old }) => {
    const pod = (current ?? old) as Pod
    const uid = pod.metadata.uid ?? ''
    const owner = controllerOf(pod)
    const job = jobOf(pod)
    if (
      current &&
      hasTrackingFinalizer(pod) &&
      (!owner || (owner.kind === 'Job' && (!job || isFinished(job))))
    ) {
      loop.queue.add(orphanPrefix + keyOf(pod))
    }
    const before = old && jobOf(old)
    if (before && before !== job) loop.queue.addAfter(keyOf(before), batchMs)
    if (!job) {
      if (!owner && current && (!old || !deepEqual(old.metadata.labels, current.metadata.labels)))
        wakeSelectors(pod)
      return
    }
    const key = keyOf(job)
    if (!current || !hasTrackingFinalizer(pod)) removals.get(key)?.delete(uid)
    if (!current || current.metadata.deletionTimestamp) expectations.deleted(key, uid)
    else if (!old) expectations.created(key)
    loop.queue.addAfter(key, batchMs)
  })

  function wakeSelectors(pod: Pod): void {
    for (const job of cache.list(pod.metadata.namespace)) {
      if (labelMatcher(job.spec?.selector)(pod.metadata.labels)) loop.queue.add(keyOf(job))
    }
  }

  async function releaseOrphan(key: string): Promise<void> {
    const { namespace, name: podName } = splitKey(key)
    const pod = podCache.get(namespace, podName)
    if (!pod || !hasTrackingFinalizer(pod)) return
    const owner = controllerOf(pod)
    if (owner && (owner.kind !== 'Job' || owner.apiVersion !== 'batch/v1')) return
    const job = jobOf(pod)
    if (job && (isManagedElsewhere(job) || !isFinished(job))) return
    try {
      await removeFinalizer(client, pod)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  function forget(key: string): void {
    expectations.forget(key)
    removals.delete(key)
    backoffs.delete(key)
  }

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: jobName } = splitKey(key)
    const job = cache.get(namespace, jobName)
    if (!job?.spec) {
      forget(key)
      return
    }
    if (isManagedElsewhere(job)) return
    if (isFinished(job)) {
      backoffs.delete(key)
      finished.delete(job.metadata.uid ?? '')
      return
    }
    if (finished.has(job.metadata.uid ?? '')) return
    const settled = expectations.satisfied(key)
    const own: OwnJob = { ...job, spec: job.spec, status: cloneJson(job.status ?? {}) }
    const sync = observe(key, own, await claimPods(job, namespace))
    if (!own.status.startTime && !isSuspended(own)) own.status.startTime = toTime(sync.now)
    decideEnding(sync)
    const { failure, changed } = await act(sync, settled)
    const isDone = await trackStatus(sync, changed, {
      expectRemoval(uids) {
        removals.set(key, new Set([...(removals.get(key) ?? []), ...uids]))
      },
      removalFailed: (uid) => removals.get(key)?.delete(uid),
      commitBackoff: () => backoffs.set(key, sync.backoff),
    })
    if (isDone) {
      finished.add(job.metadata.uid ?? '')
      tellEnd(sync)
    }
    if (failure !== undefined) throw failure
  }

  async function claimPods(job: Job, namespace: string): Promise<Pod[]> {
    const matches = labelMatcher(job.spec?.selector)
    const mine = [...ownedPods(podCache, job.metadata.uid ?? ''), ...orphanPods(podCache, namespace)]
    const claimed = await claim(mine, {
      client,
      resource: pods,
      owner: job,
      ownerResource: jobs,
      ownerApiVersion: 'batch/v1',
      ownerKind: 'Job',
      matches: ({ metadata }) => matches(metadata.labels),
      finalizers: [trackingFinalizer],
    })
    // What was adopted just now has the finalizer, though the cache does not show it yet.
    return claimed.map((pod) =>
      isControlledBy(pod, job) || hasTrackingFinalizer(pod)
        ? pod
        : {
            ...pod,
            metadata: {
              ...pod.metadata,
              finalizers: [...(pod.metadata.finalizers ?? []), trackingFinalizer],
            },
          },
    )
  }

  function observe(key: string, job: OwnJob, all: Pod[]): JobSync {
    const notes = job.status.uncountedTerminatedPods ?? {}
    const uncounted = { succeeded: new Set(notes.succeeded), failed: new Set(notes.failed) }
    const withoutFinalizer = new Set(removals.get(key))
    const fresh = newlyFinished({ job, pods: all, uncounted, withoutFinalizer })
    const active = all.filter(isPodActive)
    return {
      key,
      client,
      events,
      podControl,
      expectations,
      now: context.now(),
      job,
      pods: all,
      active,
      activeCount: active.length,
      readyCount: active.filter(isPodReady).length,
      terminatingCount: all.filter((pod) => isPodTerminating(pod) && !isPodTerminal(pod)).length,
      succeeded: (job.status.succeeded ?? 0) + fresh.succeeded.length + uncounted.succeeded.size,
      failed:
        (job.status.failed ?? 0) +
        fresh.failed.filter((pod) => countsAsFailure(job, pod)).length +
        uncounted.failed.size,
      uncounted,
      withoutFinalizer,
      backoff: nextRecord(backoffs.get(key) ?? noFailures, fresh.succeeded, fresh.failed),
      before: IndexSet.empty,
      succeededIndexes: IndexSet.empty,
      waitingPerIndex: new Map(),
      again: (ms) => loop.queue.addAfter(key, ms),
    }
  }

  /** Creates and deletes pods, and brings the counters of the status up to date. */
  async function act(sync: JobSync, settled: boolean): Promise<{ failure?: unknown; changed: boolean }> {
    const { job, now } = sync
    let failure: unknown
    let changed = false
    if (sync.ending) {
      try {
        await deleteActive(sync)
      } catch (error) {
        failure = error
      }
      // Not before all are on their way out, and the cache shows all that there are.
      if (sync.activeCount > 0 || !settled) delete sync.ending
    } else {
      const manages = settled && !job.metadata.deletionTimestamp
      try {
        if (manages) await managePods(sync)
      } catch (error) {
        failure = error
      }
      const { completions } = job.spec
      const enough = completions === undefined ? sync.succeeded > 0 : sync.succeeded >= completions
      if (enough && sync.activeCount === 0) {
        const message = 'Reached expected number of succeeded pods'
        sync.ending = newCondition('SuccessCriteriaMet', 'True', 'CompletionsReached', message, now)
      } else if (manages) changed = noteSuspension(sync)
    }
    const { status } = job
    changed ||=
      (status.active ?? 0) !== sync.activeCount ||
      status.ready !== sync.readyCount ||
      status.terminating !== sync.terminatingCount
    status.active = sync.activeCount
    status.ready = sync.readyCount
    status.terminating = sync.terminatingCount
    return { failure, changed }
  }

  function tellEnd({ job, ending }: JobSync): void {
    if (ending?.type !== 'Complete') {
      events.event({ ...job }, 'Warning', ending?.reason ?? '', ending?.message ?? '')
      return
    }
    if (job.spec.completions !== undefined && (job.status.succeeded ?? 0) > job.spec.completions) {
      const message = 'Too many succeeded pods running after completion count reached'
      events.event({ ...job }, 'Warning', 'TooManySucceededPods', message)
    }
    events.event({ ...job }, 'Normal', 'Completed', 'Job completed')
  }

  return loop
}

function noteSuspension({ job, events, now }: JobSync): boolean {
  const suspended = isSuspended(job)
  const { conditions, changed } = ensureCondition(
    job.status.conditions,
    suspended
      ? newCondition('Suspended', 'True', 'JobSuspended', 'Job suspended', now)
      : newCondition('Suspended', 'False', 'JobResumed', 'Job resumed', now),
  )
  if (!changed) return false
  job.status.conditions = conditions
  if (suspended) {
    delete job.status.startTime
    events.event({ ...job }, 'Normal', 'Suspended', 'Job suspended')
  } else {
    job.status.startTime = toTime(now)
    events.event({ ...job }, 'Normal', 'Resumed', 'Job resumed')
  }
  return true
}
