import { isReason } from '../../api/api-error.ts'
import { parseTime } from '../../api/time.ts'
import type { Event } from '../../api/types/core-v1.ts'
import { events } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'

/** kube-apiserver's --event-ttl. */
const ttlMs = 60 * 60 * 1000
/** Events that end soon after one another go together. */
const batchMs = 60_000
const key = 'expired events'

/** Deletes events an hour after their last sighting. One timer, for the oldest one. */
export function startEventExpiry(context: ControllerContext): Controller {
  const { client } = context
  const cache = context.informers.informer<Event>(events)
  const loop = createLoop(context, {
    name: 'event-expiry',
    caches: [cache],
    async reconcile() {
      const now = context.now()
      let oldest = Number.POSITIVE_INFINITY
      for (const event of cache.list()) {
        const end = lastSeen(event, now) + ttlMs
        if (end > now) oldest = Math.min(oldest, end)
        else await remove(event)
      }
      if (oldest < Number.POSITIVE_INFINITY) loop.queue.addAfter(key, oldest - now + batchMs)
    },
  })
  loop.listen(cache, ({ current, old }) => {
    if (current && !old) loop.queue.addAfter(key, ttlMs + batchMs)
  })
  // What was there before may be due sooner than the newest.
  loop.queue.add(key)

  async function remove({ metadata }: Event): Promise<void> {
    try {
      await client.delete(events, metadata.namespace, metadata.name ?? '')
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  return loop
}

function lastSeen({ metadata, series, lastTimestamp, eventTime }: Event, now: number): number {
  const times = [series?.lastObservedTime, lastTimestamp, eventTime, metadata.creationTimestamp]
  return Math.max(...times.map((time) => parseTime(time) ?? 0)) || now
}
