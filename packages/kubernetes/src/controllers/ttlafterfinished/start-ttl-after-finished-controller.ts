import { isReason } from '../../api/api-error.ts'
import { parseTime } from '../../api/time.ts'
import type { Job } from '../../api/types/batch-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { jobs } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { conditionTrue } from '../job/job-conditions.ts'

/** Deletes finished jobs when their `ttlSecondsAfterFinished` is over; keys are those of Jobs. */
export function startTtlAfterFinishedController(context: ControllerContext): Controller {
  const { client } = context
  const cache = context.informers.informer<Job>(jobs)
  const loop = createLoop(context, {
    name: 'ttl-after-finished-controller',
    caches: [cache],
    async reconcile(key) {
      const { namespace, name } = splitKey(key)
      const cached = cache.get(namespace, name)
      const left = cached && timeLeft(cached, context.now())
      if (left === undefined) return
      if (left > 0) {
        loop.queue.addAfter(key, left)
        return
      }
      try {
        // The time to live may have been made longer just now.
        const job = await client.get<Job>(jobs, namespace, name)
        const still = timeLeft(job, context.now())
        if (still === undefined || still > 0) return
        await client.delete(jobs, namespace, name, {
          propagationPolicy: 'Foreground',
          ...(job.metadata.uid && { preconditions: { uid: job.metadata.uid } }),
        })
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
      }
    },
  })
  loop.listen(cache, ({ current }) => {
    if (current && timeLeft(current, context.now()) !== undefined) loop.queue.add(keyOf(current))
  })
  return loop
}

/** Milliseconds; undefined when the job is not to be deleted, or not finished yet. */
function timeLeft(job: Job, now: number): number | undefined {
  const ttl = job.spec?.ttlSecondsAfterFinished
  if (ttl === undefined || job.metadata.deletionTimestamp) return undefined
  const finished = conditionTrue(job, 'Complete') ?? conditionTrue(job, 'Failed')
  const at = parseTime(finished?.lastTransitionTime)
  return at === undefined ? undefined : Math.max(0, at + ttl * 1000 - now)
}
