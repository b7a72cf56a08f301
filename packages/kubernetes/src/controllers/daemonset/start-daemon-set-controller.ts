import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import { labelMatcher } from '../../api/label-selector.ts'
import type { ControllerRevision, DaemonSet, DaemonSetStatus } from '../../api/types/apps-v1.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { controllerRef } from '../../client/owner-reference.ts'
import { isPodAvailable, isPodReady, isPodTerminal, untilAvailable } from '../../client/pod-state.ts'
import { controllerRevisions, daemonSets, nodes, pods } from '../../client/resources.ts'
import { Backoff } from '../common/backoff.ts'
import { claim } from '../common/claim.ts'
import { isNamespaceTerminating, settleAll } from '../common/errors.ts'
import { Expectations } from '../common/expectations.ts'
import { followPods } from '../common/follow-pods.ts'
import { createLoop } from '../common/loop.ts'
import { omitEmpty } from '../common/omit-empty.ts'
import { orphanPods, ownedPods, podInformer } from '../common/owned-pods.ts'
import { createPodControl, podFromTemplate } from '../common/pod-control.ts'
import { slowStart } from '../common/slow-start.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { cleanUpHistory, resolveHistory } from './daemon-history.ts'
import {
  byPlacementAndAge,
  daemonTemplate,
  fitsNode,
  hashLabel,
  isUpdated,
  pinnedTo,
  targetNode,
} from './daemon-pods.ts'
import { changesOnNode, type DaemonChanges, type PodsByNode, strandedPods } from './node-changes.ts'
import { rollingUpdate } from './rolling-update.ts'

const burst = 250

export function startDaemonSetController(context: ControllerContext): Controller {
  const name = 'daemonset-controller'
  const { client, informers } = context
  const events = context.recorder(name)
  const podControl = createPodControl(client, events)
  const cache = informers.informer<DaemonSet>(daemonSets)
  const nodeCache = informers.informer<Node>(nodes)
  const podCache = podInformer(context)
  const revisions = informers.informer<ControllerRevision>(controllerRevisions)
  const expectations = new Expectations(context.now)
  const failedPods = new Backoff(1000, 15 * 60_000)
  const loop = createLoop(context, {
    name,
    caches: [cache, nodeCache, podCache, revisions],
    reconcile,
  })

  loop.listen(cache, ({ current, old }) => {
    const key = keyOf((current ?? old) as DaemonSet)
    if (!current) expectations.forget(key)
    loop.queue.add(key)
  })
  followPods(loop, {
    pods: podCache,
    owners: cache,
    kind: 'DaemonSet',
    matcher: ({ spec }) => labelMatcher(spec?.selector),
    expectations,
  })
  loop.listen(nodeCache, ({ current, old }) => {
    const unchanged =
      current &&
      old &&
      deepEqual(current.metadata.labels, old.metadata.labels) &&
      deepEqual(current.spec?.taints, old.spec?.taints)
    if (unchanged) return
    // A heartbeat wakes nobody; a node that comes, goes or changes its labels or taints may concern any set.
    for (const set of cache.list()) loop.queue.add(keyOf(set))
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: setName } = splitKey(key)
    const set = cache.get(namespace, setName)
    if (!set) {
      expectations.forget(key)
      return
    }
    if (set.metadata.deletionTimestamp) return
    const { matchLabels, matchExpressions } = set.spec?.selector ?? {}
    if (Object.keys(matchLabels ?? {}).length + (matchExpressions ?? []).length === 0) {
      const message = 'This daemon set is selecting all pods. A non-empty selector is required.'
      events.event({ ...set }, 'Warning', 'SelectingAll', message)
      return
    }
    const owned = await claimPods(set, namespace)
    const { current, old } = await resolveHistory(client, set, revisions, owned)
    const hash = current.metadata.labels?.[hashLabel] ?? ''
    const nodeList = nodeCache.list()
    const byNode = groupByNode(owned)
    const now = context.now()
    const settled = expectations.satisfied(key)
    try {
      if (!settled) return
      const changes = allChanges(key, set, nodeList, byNode, hash, now)
      await apply(key, set, changes, hash)
      const rolling = set.spec?.updateStrategy?.type !== 'OnDelete'
      if (rolling && changes.create.length + changes.delete.length === 0) {
        await apply(key, set, rollingUpdate(set, nodeList, byNode, hash, now), hash)
      }
      await cleanUpHistory(client, set, old, owned)
    } finally {
      await writeStatus(set, nodeList, byNode, hash, now, settled)
    }
    const waits = owned.flatMap((pod) => untilAvailable(pod, set.spec?.minReadySeconds ?? 0, now) || [])
    if (waits.length > 0) loop.queue.addAfter(key, Math.min(...waits))
  }

  function claimPods(set: DaemonSet, namespace: string): Promise<Pod[]> {
    const matches = labelMatcher(set.spec?.selector)
    const mine = [...ownedPods(podCache, set.metadata.uid ?? ''), ...orphanPods(podCache, namespace)]
    return claim(mine, {
      client,
      resource: pods,
      owner: set,
      ownerResource: daemonSets,
      ownerApiVersion: 'apps/v1',
      ownerKind: 'DaemonSet',
      matches: ({ metadata }) => matches(metadata.labels),
    })
  }

  function allChanges(
    key: string,
    set: DaemonSet,
    nodeList: Node[],
    byNode: PodsByNode,
    hash: string,
    now: number,
  ): DaemonChanges {
    const all: DaemonChanges = { create: [], delete: strandedPods(nodeList, byNode) }
    for (const node of nodeList) {
      const changes = changesOnNode(node, byNode.get(node.metadata.name ?? ''), {
        set,
        hash,
        now,
        mayReplaceFailed: (pod, nodeName) => mayReplace(key, set, pod, nodeName, now),
        onSucceeded(pod, nodeName) {
          const message = `Found succeeded daemon pod ${keyOf(pod)} on node ${nodeName}, will try to delete it`
          events.event({ ...set }, 'Normal', 'SucceededDaemonPod', message)
        },
      })
      all.create.push(...changes.create)
      all.delete.push(...changes.delete)
    }
    return all
  }

  /** A pod that fails again and again is replaced ever more slowly. */
  function mayReplace(key: string, set: DaemonSet, pod: Pod, node: string, now: number): boolean {
    const backoffKey = `${set.metadata.uid}/${set.status?.observedGeneration ?? 0}/${node}`
    const left = failedPods.left(backoffKey, now)
    if (left > 0) {
      loop.queue.addAfter(key, left)
      return false
    }
    failedPods.next(backoffKey, now)
    const message = `Found failed daemon pod ${keyOf(pod)} on node ${node}, will try to kill it`
    events.event({ ...set }, 'Warning', 'FailedDaemonPod', message)
    return true
  }

  async function apply(key: string, set: DaemonSet, changes: DaemonChanges, hash: string): Promise<void> {
    const create = changes.create.slice(0, burst)
    const remove = changes.delete.slice(0, burst)
    if (create.length + remove.length === 0) return
    expectations.expect(
      key,
      create.length,
      remove.map(({ metadata }) => metadata.uid ?? ''),
    )
    const template = daemonTemplate(set, hash)
    const reference = controllerRef(set, 'apps/v1', 'DaemonSet')
    const { done, error } = await slowStart(create.length, async (index) => {
      const pod = podFromTemplate(template, set, reference)
      const spec = pinnedTo(pod.spec ?? { containers: [] }, create[index] ?? '')
      try {
        await podControl.create({ ...pod, spec }, { ...set })
      } catch (failure) {
        if (!isNamespaceTerminating(failure)) throw failure
      }
    })
    expectations.created(key, create.length - done)
    await settleAll(
      remove.map(async (pod) => {
        try {
          await podControl.delete(pod, { ...set })
        } catch (failure) {
          expectations.deleted(key, pod.metadata.uid ?? '')
          if (!isReason(failure, 'NotFound')) throw failure
        }
      }),
    )
    if (error !== undefined) throw error
  }

  async function writeStatus(
    set: DaemonSet,
    nodeList: Node[],
    byNode: PodsByNode,
    hash: string,
    now: number,
    observed: boolean,
  ): Promise<void> {
    const status = statusOf(set, nodeList, byNode, hash, now, observed)
    if (deepEqual(set.status, status)) return
    await client.update<DaemonSet>(daemonSets, { ...set, status }, { subresource: 'status' })
  }

  return loop
}

/** Without pods that have ended and wait for their deletion: their node is free for a new one. */
function groupByNode(owned: Pod[]): PodsByNode {
  const groups: PodsByNode = new Map()
  for (const pod of owned) {
    if (isPodTerminal(pod) && pod.metadata.deletionTimestamp) continue
    const node = targetNode(pod)
    if (!node) continue
    const group = groups.get(node)
    if (group) group.push(pod)
    else groups.set(node, [pod])
  }
  return groups
}

function statusOf(
  set: DaemonSet,
  nodeList: Node[],
  byNode: PodsByNode,
  hash: string,
  now: number,
  observed: boolean,
): DaemonSetStatus {
  let desired = 0
  let scheduled = 0
  let misscheduled = 0
  let ready = 0
  let available = 0
  let updated = 0
  for (const node of nodeList) {
    const [pod] = [...(byNode.get(node.metadata.name ?? '') ?? [])].sort(byPlacementAndAge)
    if (!fitsNode(set, node).run) {
      if (pod) misscheduled++
      continue
    }
    desired++
    if (!pod) continue
    scheduled++
    if (isPodReady(pod)) ready++
    if (isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, now)) available++
    if (isUpdated(set, pod, hash)) updated++
  }
  const { collisionCount, conditions, observedGeneration } = set.status ?? {}
  return {
    ...omitEmpty({
      observedGeneration: observed ? set.metadata.generation : observedGeneration,
      updatedNumberScheduled: updated,
      numberAvailable: available,
      numberUnavailable: desired - available,
      conditions,
    }),
    currentNumberScheduled: scheduled,
    numberMisscheduled: misscheduled,
    desiredNumberScheduled: desired,
    numberReady: ready,
    ...(collisionCount !== undefined && { collisionCount }),
  }
}
