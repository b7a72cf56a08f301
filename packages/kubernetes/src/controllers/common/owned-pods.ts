import type { OwnerReference } from '../../api/kube-object.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Informer } from '../../client/informer.ts'
import { controllerOf } from '../../client/owner-reference.ts'
import { pods } from '../../client/resources.ts'
import type { ControllerContext } from '../controller.ts'

const index = 'controller'
const nodeIndex = 'node'

function indexKey(namespace: string, owner: OwnerReference | undefined): string {
  return owner ? owner.uid : `orphans of ${namespace}`
}

/** The shared informer of all pods, with the indexes that the functions below need. */
export function podInformer(context: ControllerContext): Informer<Pod> {
  const informer = context.informers.informer<Pod>(pods)
  informer.addIndex(index, (pod) => [indexKey(pod.metadata.namespace ?? '', controllerOf(pod))])
  informer.addIndex(nodeIndex, ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []))
  return informer
}

export function podsOnNode(informer: Informer<Pod>, node: string): Pod[] {
  return informer.byIndex(nodeIndex, node)
}

/** The pods whose controller has this uid. */
export function ownedPods(informer: Informer<Pod>, uid: string): Pod[] {
  return informer.byIndex(index, uid)
}

/** The pods of a namespace that have no controller: candidates for adoption. */
export function orphanPods(informer: Informer<Pod>, namespace: string): Pod[] {
  return informer.byIndex(index, indexKey(namespace, undefined))
}
