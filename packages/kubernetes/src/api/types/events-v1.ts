// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { EventSource, ObjectReference } from './core-v1.ts'
import type { ListMeta, ObjectMeta } from './meta-v1.ts'

export interface Event {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  eventTime: string
  series?: EventSeries
  reportingController?: string
  reportingInstance?: string
  action?: string
  reason?: string
  regarding?: ObjectReference
  related?: ObjectReference
  note?: string
  type?: string
  deprecatedSource?: EventSource
  deprecatedFirstTimestamp?: string
  deprecatedLastTimestamp?: string
  deprecatedCount?: number
}

export interface EventSeries {
  count: number
  lastObservedTime: string
}

export interface EventList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: Event[]
}
