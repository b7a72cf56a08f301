import type { StoredKubeObject } from '../api/kube-object.ts'
import { parseTime } from '../api/time.ts'
import { events } from '../client/resources.ts'
import { type Store, StoreConflict } from '../store/store.ts'
import { follow } from './auth/store-reader.ts'

/** Events live this long after they were last written; upstream's `--event-ttl`. */
const lifetimeMs = 60 * 60 * 1000

interface Event extends StoredKubeObject {
  lastTimestamp?: string
  eventTime?: string
  series?: { lastObservedTime?: string }
}

/** Deletes Events when their time is over. Returns what ends that. */
export function expireEvents(store: Store, now: () => number = Date.now): () => void {
  /** When each ends, soonest first: all live equally long, and a write puts an event at the end. */
  const ends = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  let started = false

  const known: [string, number][] = []
  const end = follow<Event>(store, events, ({ key, current }) => {
    ends.delete(key)
    if (!current) return
    if (started) {
      ends.set(key, now() + lifetimeMs)
      schedule()
    } else known.push([key, lastSeen(current, now()) + lifetimeMs])
  })
  for (const [key, time] of known.sort(([, a], [, b]) => a - b)) ends.set(key, time)
  started = true
  schedule()

  function schedule(): void {
    const [first] = ends
    if (timer || !first) return
    timer = setTimeout(expire, Math.max(0, first[1] - now())).unref()
  }

  function expire(): void {
    timer = undefined
    for (const [key, time] of ends) {
      if (time > now()) break
      ends.delete(key)
      const event = store.get(key)
      if (!event) continue
      store.delete(key, Number(event.metadata.resourceVersion)).catch((error: unknown) => {
        // Written meanwhile: then it lives on. Any other failure: it is tried again with the next.
        if (!(error instanceof StoreConflict)) ends.set(key, now() + lifetimeMs)
      })
    }
    schedule()
  }

  return () => {
    clearTimeout(timer)
    end()
  }
}

function lastSeen({ lastTimestamp, eventTime, series, metadata }: Event, now: number): number {
  const times = [series?.lastObservedTime, lastTimestamp, eventTime, metadata.creationTimestamp]
  return Math.max(...times.map((time) => parseTime(time) ?? 0)) || now
}
