import type { StoredKubeObject } from '../kube-object.ts'
import { schemaOf } from '../schema/schemas.ts'
import { conform } from '../structure/conform.ts'

/** Fields that events.k8s.io/v1 calls otherwise than core/v1. */
const renamed: readonly [fresh: string, old: string][] = [
  ['note', 'message'],
  ['regarding', 'involvedObject'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['reportingController', 'reportingComponent'],
]
const toOld = new Map(renamed)
const toNew = new Map(renamed.map(([fresh, old]) => [old, fresh]))

/** An event of events.k8s.io/v1 as one of core/v1. */
export function eventToCore(event: StoredKubeObject): StoredKubeObject {
  return convert(event, toOld, 'io.k8s.api.core.v1.Event', 'v1')
}

/** An event of core/v1 as one of events.k8s.io/v1. */
export function eventFromCore(event: StoredKubeObject): StoredKubeObject {
  return convert(event, toNew, 'io.k8s.api.events.v1.Event', 'events.k8s.io/v1')
}

function convert(
  event: StoredKubeObject,
  names: ReadonlyMap<string, string>,
  schema: string,
  apiVersion: string,
): StoredKubeObject {
  const fields = Object.entries(event).map(([name, value]) => [names.get(name) ?? name, value])
  return conform(schemaOf(schema), { ...Object.fromEntries(fields), apiVersion }) as StoredKubeObject
}
