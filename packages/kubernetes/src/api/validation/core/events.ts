import type { Event as CoreEvent } from '../../types/core-v1.ts'
import type { Event } from '../../types/events-v1.ts'
import type { Field } from '../field.ts'
import { isDns1123Subdomain, isQualifiedName } from '../formats.ts'
import { validateImmutable } from '../immutable.ts'
import type { Validator } from '../validator.ts'

/** What both shapes of an event have in common. */
interface EventFacts {
  namespace: string
  involvedNamespace: string
  eventTime: string | null | undefined
  reportingController: string
  reportingInstance: string
  action: string
  reason: string
  message: string
}

const limits = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const

/** Rules that hold for events of old; those with an `eventTime` are of the new kind and have to say more. */
function validateFacts(facts: EventFacts, controllerField: string, field: Field): void {
  const { namespace, involvedNamespace, eventTime, reportingController } = facts
  const mismatch = (): void =>
    field.at('involvedObject', 'namespace').invalid(involvedNamespace, 'does not match event.namespace')
  if (!eventTime) {
    if (involvedNamespace ? involvedNamespace !== namespace : namespace && namespace !== 'default') mismatch()
  } else {
    if (!involvedNamespace && namespace !== 'default' && namespace !== 'kube-system') mismatch()
    const at = field.at(controllerField)
    if (!reportingController) at.required()
    at.check(reportingController, isQualifiedName(reportingController))
    for (const [name, most] of Object.entries(limits) as [keyof typeof limits, number][]) {
      if (!facts[name] && name !== 'message') field.at(name).required()
      if (facts[name].length > most) field.at(name).invalid('', `can have at most ${most} characters`)
    }
  }
  field.at('namespace').check(namespace, isDns1123Subdomain(namespace))
}

function coreFacts(event: CoreEvent): EventFacts {
  return {
    namespace: event.metadata.namespace ?? '',
    involvedNamespace: event.involvedObject.namespace ?? '',
    eventTime: event.eventTime,
    reportingController: event.reportingComponent ?? '',
    reportingInstance: event.reportingInstance ?? '',
    action: event.action ?? '',
    reason: event.reason ?? '',
    message: event.message ?? '',
  }
}

export const coreEvents: Validator<CoreEvent> = {
  create: (event, field) => validateFacts(coreFacts(event), 'reportingComponent', field),
  update: (next, _old, _sub, field) => validateFacts(coreFacts(next), 'reportingComponent', field),
}

function facts(event: Event): EventFacts {
  return {
    namespace: event.metadata.namespace ?? '',
    involvedNamespace: event.regarding?.namespace ?? '',
    eventTime: event.eventTime,
    reportingController: event.reportingController ?? '',
    reportingInstance: event.reportingInstance ?? '',
    action: event.action ?? '',
    reason: event.reason ?? '',
    message: event.note ?? '',
  }
}

function validateSeries({ series }: Event, field: Field): void {
  if (!series) return
  if (series.count < 2) field.at('series.count').invalid('', 'should be at least 2')
  if (!series.lastObservedTime) field.at('series.lastObservedTime').required()
}

/** Fields of old that the new API keeps only for reading, and what upstream calls them. */
const deprecated = {
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
} as const

/** Fields that never change, and what upstream calls them. */
const fixed: Partial<Record<keyof Event, string>> = {
  regarding: 'involvedObject',
  reason: 'reason',
  note: 'message',
  deprecatedSource: 'source',
  ...deprecated,
  type: 'type',
  eventTime: 'eventTime',
  action: 'action',
  related: 'related',
  reportingController: 'reportingController',
  reportingInstance: 'reportingInstance',
}

export const events: Validator<Event> = {
  create(event, field) {
    validateFacts(facts(event), 'reportingController', field)
    validateSeries(event, field)
    if (!event.eventTime) field.at('eventTime').required()
    if (event.type !== 'Normal' && event.type !== 'Warning')
      field.at('type').invalid('', `has invalid value: ${event.type ?? ''}`)
    for (const [name, label] of Object.entries(deprecated))
      if (event[name as keyof typeof deprecated]) field.at(label).invalid('', 'needs to be unset')
    const { component, host } = event.deprecatedSource ?? {}
    if (component || host) field.at('source').invalid('', 'needs to be unset')
  },
  update(next, old, _, field) {
    validateFacts(facts(next), 'reportingController', field)
    validateSeries(next, field)
    for (const [name, label] of Object.entries(fixed))
      validateImmutable(next[name as keyof Event], old[name as keyof Event], field.at(label))
  },
}
