import { deepEqual } from '../../api/json.ts'
import { labelMatcher } from '../../api/label-selector.ts'
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from '../../api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts'
import { splitKey } from '../../client/informer.ts'
import { isPodAvailable, isPodReady, isPodTerminating, untilAvailable } from '../../client/pod-state.ts'
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '../../client/resources.ts'
import { claim } from '../common/claim.ts'
import { listRevisions } from '../common/controller-history.ts'
import { followPods } from '../common/follow-pods.ts'
import { createLoop } from '../common/loop.ts'
import { omitEmpty } from '../common/omit-empty.ts'
import { orphanPods, ownedPods, podInformer } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { parsePodName, replicasOf, revisionLabel } from './identity.ts'
import { adoptOrphans, resolveRevisions, type SetRevisions, truncateHistory } from './revisions.ts'
import { StatefulPodControl } from './stateful-pod-control.ts'
import { isCreated, type SetPods, sortPods, updatePods } from './update-pods.ts'

export function startStatefulSetController(context: ControllerContext): Controller {
  const name = 'statefulset-controller'
  const { client, informers } = context
  const cache = informers.informer<StatefulSet>(statefulSets)
  const podCache = podInformer(context)
  const claims = informers.informer<PersistentVolumeClaim>(persistentVolumeClaims)
  const revisionCache = informers.informer<ControllerRevision>(controllerRevisions)
  const control = new StatefulPodControl(client, context.recorder(name), claims)
  const caches = [cache, podCache, claims, revisionCache]
  const loop = createLoop(context, { name, caches, reconcile })
  loop.follow(cache)
  followPods(loop, {
    pods: podCache,
    owners: cache,
    kind: 'StatefulSet',
    matcher: ({ spec }) => labelMatcher(spec?.selector),
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: setName } = splitKey(key)
    const set = cache.get(namespace, setName)
    if (!set) return
    const matches = labelMatcher(set.spec?.selector)
    const known = listRevisions(revisionCache, set, matches)
    await adoptOrphans(client, set, known)
    const mine = [...ownedPods(podCache, set.metadata.uid ?? ''), ...orphanPods(podCache, namespace)]
    const owned = await claim(mine, {
      client,
      resource: pods,
      owner: set,
      ownerResource: statefulSets,
      ownerApiVersion: 'apps/v1',
      ownerKind: 'StatefulSet',
      matches: (pod) => parsePodName(pod).parent === setName && matches(pod.metadata.labels),
    })
    const revisions = await resolveRevisions(client, set, known)
    const sorted = sortPods(set, owned, revisions)
    const now = context.now()
    try {
      if (!set.metadata.deletionTimestamp) await updatePods(set, sorted, revisions, control, now)
    } finally {
      await writeStatus(set, sorted, revisions, now)
    }
    await truncateHistory(client, set, owned, known, revisions)
    const minReady = set.spec?.minReadySeconds ?? 0
    const waits = owned.flatMap((pod) => untilAvailable(pod, minReady, now) || [])
    if (waits.length > 0) loop.queue.addAfter(key, Math.min(...waits))
  }

  async function writeStatus(
    set: StatefulSet,
    { replicas, condemned }: SetPods,
    revisions: SetRevisions,
    now: number,
  ): Promise<void> {
    const status = statusOf(set, [...replicas, ...condemned], revisions, now)
    const { conditions } = set.status ?? {}
    const next = { ...status, ...(conditions && { conditions }) }
    if (deepEqual(set.status, next)) return
    await client.update<StatefulSet>(statefulSets, { ...set, status: next }, { subresource: 'status' })
  }

  return loop
}

function statusOf(
  set: StatefulSet,
  all: Pod[],
  { current, update, collisionCount }: SetRevisions,
  now: number,
): StatefulSetStatus {
  const created = all.filter(isCreated)
  const ready = created.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod))
  const available = ready.filter((pod) => isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, now))
  const ofRevision = ({ metadata }: ControllerRevision): number =>
    created.filter((pod) => !isPodTerminating(pod) && pod.metadata.labels?.[revisionLabel] === metadata.name)
      .length
  const wanted = replicasOf(set)
  const updated = ofRevision(update)
  const done =
    set.spec?.updateStrategy?.type === 'RollingUpdate' &&
    updated === wanted &&
    ready.length === wanted &&
    created.length === wanted
  return {
    ...omitEmpty({
      observedGeneration: set.metadata.generation,
      readyReplicas: ready.length,
      currentReplicas: done ? updated : ofRevision(current),
      updatedReplicas: updated,
      currentRevision: (done ? update : current).metadata.name,
      updateRevision: update.metadata.name,
    }),
    replicas: created.length,
    availableReplicas: available.length,
    collisionCount,
  }
}
