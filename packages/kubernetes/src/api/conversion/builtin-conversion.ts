import type { StoredKubeObject } from '../kube-object.ts'
import type { ResourceInfo } from '../resource-info.ts'
import { autoscalerFromV2, autoscalerToV2 } from './autoscalers.ts'
import { eventFromCore, eventToCore } from './events.ts'

/** Between the version that a built-in resource is served in and the one that its objects are stored in. */
export interface BuiltinConversion {
  /** Where the objects are stored, when not under the resource's own group and version. */
  readonly storedAs: { readonly group: string; readonly version: string; readonly resource: string }
  /** Both make new objects, of the other's apiVersion. */
  toStorage(object: StoredKubeObject): StoredKubeObject
  fromStorage(object: StoredKubeObject): StoredKubeObject
}

const conversions: Record<string, BuiltinConversion> = {
  'events.k8s.io/v1/events': {
    storedAs: { group: '', version: 'v1', resource: 'events' },
    toStorage: eventToCore,
    fromStorage: eventFromCore,
  },
  'autoscaling/v1/horizontalpodautoscalers': {
    storedAs: { group: 'autoscaling', version: 'v2', resource: 'horizontalpodautoscalers' },
    toStorage: autoscalerToV2,
    fromStorage: autoscalerFromV2,
  },
}

/** Undefined for the many resources whose objects are stored as they are served. */
export function builtinConversion(info: ResourceInfo): BuiltinConversion | undefined {
  return conversions[`${info.group}/${info.version}/${info.resource}`]
}
