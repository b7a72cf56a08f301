import { setTimeout as delay } from 'node:timers/promises'
import { ApiError, isReason } from '../api/api-error.ts'
import type { Logger } from '../log.ts'
import type { Client } from './client.ts'
import { createEventCorrelator, eventName, newEvent, type RecordedEvent } from './event-correlator.ts'
import type { EventRecorder } from './event-recorder.ts'
import { events } from './resources.ts'

export interface EventRecorderOptions {
  /** Node that the component runs on. */
  host?: string
  log: Logger
  /** Ends retries. */
  signal?: AbortSignal
  now?: () => number
}

/** What waits to be written at most; more is dropped. */
const queueLimit = 1000
const attempts = 12
const retryMs = 2000

export function createEventRecorder(
  client: Client,
  component: string,
  { host, log, signal, now = Date.now }: EventRecorderOptions,
): EventRecorder {
  const source = { component, ...(host && { host }) }
  const correlator = createEventCorrelator(now)
  const queue: RecordedEvent[] = []
  let writing = false

  async function write(event: RecordedEvent): Promise<void> {
    const { namespace, name } = event.metadata
    if (event.count > 1) {
      const { count, message, lastTimestamp } = event
      try {
        await client.patch(events, namespace, name, 'merge', { count, message, lastTimestamp })
        return
      } catch (error) {
        // It has expired: the count goes on in a new one.
        if (!isReason(error, 'NotFound')) throw error
      }
    }
    try {
      await client.create(events, namespace, event)
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
      const renamed = eventName(event.involvedObject.name ?? '', now())
      await client.create(events, namespace, { ...event, metadata: { ...event.metadata, name: renamed } })
    }
  }

  async function drain(): Promise<void> {
    writing = true
    for (let next = queue.shift(); next; next = queue.shift()) {
      const event = correlator.correlate(next)
      if (!event) continue
      for (let attempt = 1; !signal?.aborted; attempt++) {
        try {
          await write(event)
          break
        } catch (error) {
          // A refusal (a namespace that is going away) stays one; a server that is not there comes back.
          const refused = error instanceof ApiError && error.reason !== 'ServiceUnavailable'
          if (refused || attempt === attempts) {
            if (!isReason(error, 'Forbidden') && !isReason(error, 'NotFound')) {
              log.warn('event not written', { reason: event.reason, message: event.message, error })
            }
            break
          }
          await delay(retryMs, undefined, { signal, ref: false }).catch(() => undefined)
        }
      }
    }
    writing = false
  }

  return {
    event(about, type, reason, message, fieldPath) {
      if (queue.length >= queueLimit || signal?.aborted) return
      queue.push(newEvent(about, source, type, reason, message, now(), fieldPath))
      if (!writing) void drain()
    },
  }
}
