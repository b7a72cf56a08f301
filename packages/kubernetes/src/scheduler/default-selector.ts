import { type LabelMatcher, labelMapMatcher, labelMatcher } from '../api/label-selector.ts'
import type { ReplicaSet, StatefulSet } from '../api/types/apps-v1.ts'
import type { Pod, ReplicationController, Service } from '../api/types/core-v1.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import { controllerOf } from '../client/owner-reference.ts'
import * as resources from '../client/resources.ts'
import type { DefaultSelector } from './plugins/spread-constraint.ts'

/** Pods that belong together because one controller owns them or the same Services select them. */
export function createDefaultSelector(informers: InformerFactory): DefaultSelector {
  const services = informers.informer<Service>(resources.services)
  const replicaSets = informers.informer<ReplicaSet>(resources.replicaSets)
  const statefulSets = informers.informer<StatefulSet>(resources.statefulSets)
  const replicationControllers = informers.informer<ReplicationController>(resources.replicationControllers)

  function ownerMatcher(pod: Pod): LabelMatcher | undefined {
    const owner = controllerOf(pod)
    const namespace = pod.metadata.namespace ?? ''
    switch (`${owner?.apiVersion} ${owner?.kind}`) {
      case 'apps/v1 ReplicaSet':
        return labelMatcher(replicaSets.get(namespace, owner?.name ?? '')?.spec?.selector)
      case 'apps/v1 StatefulSet':
        return labelMatcher(statefulSets.get(namespace, owner?.name ?? '')?.spec?.selector)
      case 'v1 ReplicationController':
        return labelMapMatcher(replicationControllers.get(namespace, owner?.name ?? '')?.spec?.selector)
      default:
        return undefined
    }
  }

  return (pod) => {
    const selected: Record<string, string> = {}
    for (const { spec } of services.list(pod.metadata.namespace ?? '')) {
      if (spec?.selector && labelMapMatcher(spec.selector)(pod.metadata.labels))
        Object.assign(selected, spec.selector)
    }
    const byOwner = ownerMatcher(pod)
    const byServices = Object.keys(selected).length > 0 ? labelMapMatcher(selected) : undefined
    if (byOwner && byServices) return (labels) => byOwner(labels) && byServices(labels)
    return byOwner ?? byServices
  }
}
