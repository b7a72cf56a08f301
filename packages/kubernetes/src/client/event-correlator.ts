import type { KubeObject, ObjectMeta } from '../api/kube-object.ts'
import { toTime } from '../api/time.ts'
import { LruMap } from './lru-map.ts'

/** The fields of a core/v1 Event that a recorder fills. */
export interface RecordedEvent extends KubeObject {
  apiVersion: 'v1'
  kind: 'Event'
  metadata: ObjectMeta & { name: string; namespace: string }
  involvedObject: {
    kind?: string
    namespace?: string
    name?: string
    uid?: string
    apiVersion?: string
    resourceVersion?: string
    fieldPath?: string
  }
  reason: string
  message: string
  source: { component: string; host?: string }
  firstTimestamp: string
  lastTimestamp: string
  count: number
  type: 'Normal' | 'Warning'
  eventTime: null
  reportingComponent: string
  reportingInstance: string
}

export interface EventCorrelator {
  /** What is to be written for `event`: itself, one that stands for it, with `count` above 1 when it was written before; nothing when it is spam. */
  correlate(event: RecordedEvent): RecordedEvent | undefined
}

// The numbers of client-go's tools/record.
const cacheSize = 4096
const spamBurst = 25
const spamRefillMs = 300_000
const aggregateAfter = 10
const aggregateWindowMs = 600_000

/** Joins equal events, then similar ones (same object, type and reason, ten different messages), then drops what comes too often. */
export function createEventCorrelator(now: () => number): EventCorrelator {
  const seen = new LruMap<string, { name: string; count: number; firstTimestamp: string }>(cacheSize)
  const similar = new LruMap<string, { messages: Set<string>; last: number }>(cacheSize)
  const spam = new LruMap<string, { tokens: number; at: number }>(cacheSize)

  function aggregate(event: RecordedEvent): { event: RecordedEvent; key: string } {
    const group = JSON.stringify([event.source, event.involvedObject, event.type, event.reason], dropVersion)
    const at = now()
    let record = similar.get(group)
    if (!record || at - record.last > aggregateWindowMs) {
      record = { messages: new Set(), last: at }
      similar.set(group, record)
    }
    record.messages.add(event.message)
    record.last = at
    if (record.messages.size < aggregateAfter) return { event, key: `${group}${event.message}` }
    for (const message of record.messages) {
      record.messages.delete(message)
      break
    }
    return { event: { ...event, message: `(combined from similar events): ${event.message}` }, key: group }
  }

  function isSpam(event: RecordedEvent): boolean {
    const key = JSON.stringify([event.source, event.involvedObject, event.type], dropVersion)
    const at = now()
    const bucket = spam.get(key) ?? { tokens: spamBurst, at }
    const tokens = Math.min(spamBurst, bucket.tokens + (at - bucket.at) / spamRefillMs)
    spam.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at })
    return tokens < 1
  }

  return {
    correlate(original) {
      const { event, key } = aggregate(original)
      const before = seen.get(key)
      const written: RecordedEvent = before
        ? {
            ...event,
            metadata: { ...event.metadata, name: before.name },
            firstTimestamp: before.firstTimestamp,
            count: before.count + 1,
          }
        : event
      seen.set(key, {
        name: written.metadata.name,
        count: written.count,
        firstTimestamp: written.firstTimestamp,
      })
      return isSpam(written) ? undefined : written
    },
  }
}

/** The object's version says nothing about whether two events are alike. */
function dropVersion(key: string, value: unknown): unknown {
  return key === 'resourceVersion' ? undefined : value
}

/** Names end in the nanoseconds of the first sighting, as client-go's do; a counter stands for what the clock lacks. */
let sequence = 0
export function eventName(objectName: string, ms: number): string {
  sequence = (sequence + 1) % 1_000_000
  return `${objectName}.${(BigInt(ms) * 1_000_000n + BigInt(sequence)).toString(16)}`
}

export function newEvent(
  about: KubeObject,
  source: { component: string; host?: string },
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  ms: number,
  fieldPath?: string,
): RecordedEvent {
  const { name = '', namespace, uid, resourceVersion } = about.metadata ?? {}
  const time = toTime(ms)
  return {
    apiVersion: 'v1',
    kind: 'Event',
    // Events about cluster-scoped objects live in `default`.
    metadata: { name: eventName(name, ms), namespace: namespace || 'default' },
    involvedObject: {
      ...(about.kind && { kind: about.kind }),
      ...(namespace && { namespace }),
      name,
      ...(uid && { uid }),
      ...(about.apiVersion && { apiVersion: about.apiVersion }),
      ...(resourceVersion && { resourceVersion }),
      ...(fieldPath && { fieldPath }),
    },
    reason,
    message,
    source,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    type,
    eventTime: null,
    reportingComponent: source.component,
    reportingInstance: source.host ?? '',
  }
}
