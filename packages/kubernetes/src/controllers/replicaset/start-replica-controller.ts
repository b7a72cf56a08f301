import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { KubeObject } from '../../api/kube-object.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { controllerOf, controllerRef } from '../../client/owner-reference.ts'
import { isPodActive, isPodTerminal, isPodTerminating, untilAvailable } from '../../client/pod-state.ts'
import { claim } from '../common/claim.ts'
import { isNamespaceTerminating, settleAll } from '../common/errors.ts'
import { Expectations } from '../common/expectations.ts'
import { followPods } from '../common/follow-pods.ts'
import { createLoop } from '../common/loop.ts'
import { orphanPods, ownedPods, podInformer } from '../common/owned-pods.ts'
import { createPodControl, podFromTemplate } from '../common/pod-control.ts'
import { rankForDeletion } from '../common/pod-ranking.ts'
import { slowStart } from '../common/slow-start.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { ReplicaFlavor, Replicated } from './replica-flavor.ts'
import { replicaStatus } from './replica-status.ts'

/** Pods made or deleted in one go. */
const burst = 500

/** Keeps as many pods of a template as `spec.replicas` says. Serves ReplicaSets and ReplicationControllers. */
export function startReplicaController<T extends Replicated>(
  context: ControllerContext,
  flavor: ReplicaFlavor<T>,
): Controller {
  const { client } = context
  const podCache = podInformer(context)
  const owners = context.informers.informer<T>(flavor.resource)
  const pods = createPodControl(client, context.recorder(flavor.name))
  const expectations = new Expectations(context.now)
  const loop = createLoop(context, { name: flavor.name, caches: [owners, podCache], reconcile })
  owners.addIndex('controller', (owner) => {
    const uid = controllerOf(owner)?.uid
    return uid ? [uid] : []
  })

  loop.listen(owners, ({ current, old }) => {
    const key = keyOf((current ?? old) as T)
    if (!current) expectations.forget(key)
    loop.queue.add(key)
  })

  followPods(loop, {
    pods: podCache,
    owners,
    kind: flavor.kind,
    matcher: flavor.matcher,
    expectations,
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name } = splitKey(key)
    const owner = owners.get(namespace, name)
    if (!owner) {
      expectations.forget(key)
      return
    }
    const uid = owner.metadata.uid ?? ''
    const settled = expectations.satisfied(key)
    const matches = flavor.matcher(owner)
    const mine = ownedPods(podCache, uid)
    const active = await claim([...mine, ...orphanPods(podCache, namespace)].filter(isPodActive), {
      client,
      resource: { group: '', version: 'v1', resource: 'pods' },
      owner,
      ownerResource: flavor.resource,
      ownerApiVersion: flavor.apiVersion,
      ownerKind: flavor.kind,
      matches: (pod) => matches(pod.metadata.labels),
    })
    let failure: unknown
    if (settled && !owner.metadata.deletionTimestamp) failure = await scale(key, owner, active)
    const now = context.now()
    const status = replicaStatus(owner, {
      active,
      ...(flavor.countsTerminating && {
        terminating: mine.filter(
          (pod) => isPodTerminating(pod) && !isPodTerminal(pod) && matches(pod.metadata.labels),
        ),
      }),
      failure,
      now,
    })
    if (!deepEqual(owner.status, status)) {
      await client.update(flavor.resource, { ...owner, status }, { subresource: 'status' })
    }
    if (failure !== undefined) throw failure
    const minReadySeconds = owner.spec?.minReadySeconds ?? 0
    const waits = active.flatMap((pod) => untilAvailable(pod, minReadySeconds, now) || [])
    if (waits.length > 0) loop.queue.addAfter(key, Math.min(...waits))
  }

  /** Brings the number of pods to what is wanted. @returns the first failure */
  async function scale(key: string, owner: T, active: Pod[]): Promise<unknown> {
    const missing = (owner.spec?.replicas ?? 0) - active.length
    if (missing > 0) return create(key, owner, Math.min(missing, burst))
    if (missing < 0) return remove(key, owner, active, Math.min(-missing, burst))
    return undefined
  }

  async function create(key: string, owner: T, count: number): Promise<unknown> {
    const reference = controllerRef(owner, flavor.apiVersion, flavor.kind)
    const template = owner.spec?.template ?? {}
    expectations.expect(key, count)
    const { done, error } = await slowStart(count, async () => {
      try {
        await pods.create(podFromTemplate(template, owner, reference), about(owner))
      } catch (failed) {
        if (!isNamespaceTerminating(failed)) throw failed
      }
    })
    expectations.created(key, count - done)
    return error
  }

  async function remove(key: string, owner: T, active: Pod[], count: number): Promise<unknown> {
    const crowded = podsPerNode(owner)
    const victims = rankForDeletion(active, {
      crowding: (pod) => crowded.get(pod.spec?.nodeName ?? '') ?? 0,
      now: context.now(),
    }).slice(0, count)
    expectations.expect(
      key,
      0,
      victims.map(({ metadata }) => metadata.uid ?? ''),
    )
    try {
      await settleAll(
        victims.map(async (pod) => {
          try {
            await pods.delete(pod, about(owner))
          } catch (error) {
            expectations.deleted(key, pod.metadata.uid ?? '')
            if (!isReason(error, 'NotFound')) throw error
          }
        }),
      )
    } catch (error) {
      return error
    }
    return undefined
  }

  /** Active pods of this owner and of its siblings (the other ReplicaSets of a Deployment). */
  function podsPerNode(owner: T): Map<string, number> {
    const parent = controllerOf(owner)?.uid
    const matchers = (parent ? owners.byIndex('controller', parent) : []).map(flavor.matcher)
    const counts = new Map<string, number>()
    if (matchers.length === 0) return counts
    for (const pod of podCache.list(owner.metadata.namespace)) {
      if (!isPodActive(pod) || !matchers.some((matches) => matches(pod.metadata.labels))) continue
      const node = pod.spec?.nodeName ?? ''
      counts.set(node, (counts.get(node) ?? 0) + 1)
    }
    return counts
  }

  /** For events: what comes from a list may lack its kind. */
  function about(owner: T): KubeObject {
    return { apiVersion: flavor.apiVersion, kind: flavor.kind, metadata: owner.metadata }
  }

  return loop
}
