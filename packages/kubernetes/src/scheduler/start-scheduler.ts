import type { ObjectMeta } from '../api/kube-object.ts'
import type { Namespace, Node, Pod } from '../api/types/core-v1.ts'
import type { PodDisruptionBudget } from '../api/types/policy-v1.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event-recorder.ts'
import { type Informer, keyOf } from '../client/informer.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import { isPodTerminal } from '../client/pod-state.ts'
import * as resources from '../client/resources.ts'
import type { Logger } from '../log.ts'
import { ClusterState } from './cluster/cluster-state.ts'
import { podInfoOf } from './cluster/pod-info.ts'
import { Nominations } from './cycle/nominations.ts'
import { createDefaultSelector } from './default-selector.ts'
import { defaultPlugins } from './plugins/default-plugins.ts'
import { Preemption } from './preemption/preemption.ts'
import type { ClusterEvent } from './queue/cluster-event.ts'
import { isRelevantNodeChange, isRelevantPodChange } from './queue/relevant-change.ts'
import { SchedulingQueue } from './queue/scheduling-queue.ts'
import { Scheduler } from './scheduler.ts'
import { volumeCaches } from './volumes/volume-caches.ts'

export interface StartSchedulerOptions {
  client: Client
  informers: InformerFactory
  /** Its events come from `default-scheduler`. */
  recorder: EventRecorder
  log: Logger
  /** Milliseconds since the epoch. */
  now?: () => number
  /** Pods that name another scheduler are left alone. */
  schedulerName?: string
}

/**
 * Starts the scheduler: it gives every pod without a node the best one, as upstream's default profile judges. Works as soon
 * as its caches are filled; until then pods wait.
 */
export function startScheduler(options: StartSchedulerOptions): { stop(): Promise<void> } {
  const { client, informers, recorder, log, now = Date.now, schedulerName = 'default-scheduler' } = options
  const pods = informers.informer<Pod>(resources.pods)
  const nodes = informers.informer<Node>(resources.nodes)
  const namespaces = informers.informer<Namespace>(resources.namespaces)
  const budgets = informers.informer<PodDisruptionBudget>(resources.podDisruptionBudgets)
  const caches = volumeCaches(informers)

  const cluster = new ClusterState()
  const nominations = new Nominations()
  const plugins = defaultPlugins({
    cluster,
    caches,
    client,
    namespaceLabels: (name) => namespaces.get('', name)?.metadata.labels ?? (namespaces.get('', name) && {}),
    defaultSelector: createDefaultSelector(informers),
  })
  const queue = new SchedulingQueue({ plugins, now, onReady: () => whenReady() })
  const preemption = new Preemption({
    cluster,
    nominations,
    budgets,
    client,
    recorder,
    log,
    now,
    onFailure: ({ key }) => queue.activate(key),
  })
  const scheduler = new Scheduler({
    plugins,
    cluster,
    queue,
    nominations,
    preemption,
    client,
    recorder,
    log,
    now,
  })
  let ready = false
  function whenReady(): void {
    if (ready) scheduler.run()
  }

  function podChanged({ current, old }: { current?: Pod; old?: Pod }): void {
    const pod = current ?? old
    if (!pod) return
    const key = keyOf(pod)
    const live = current && !isPodTerminal(current) ? current : undefined
    if (live && !live.spec?.nodeName) {
      cluster.setPod(live)
      if ((live.spec?.schedulerName ?? schedulerName) !== schedulerName || live.metadata.deletionTimestamp)
        return
      const promised = live.status?.nominatedNodeName
      // After a restart, promises are known from the pods themselves.
      if (promised && !nominations.nodeOf(key)) nominations.set(podInfoOf(live), promised)
      queue.update(live, old)
      return
    }
    const before = old && !isPodTerminal(old) && old.spec?.nodeName ? old : undefined
    const assumed = cluster.isAssumed(key)
    queue.delete(key)
    nominations.delete(key)
    if (live) cluster.setPod(live)
    else {
      cluster.removePod(key)
      scheduler.abandon(key)
    }
    if (live) {
      if (before && !isRelevantPodChange(before, live)) return
      queue.notify({ kind: 'AssignedPod', current: live, ...(before && { old: before }) })
    } else if (before ?? assumed) queue.notify({ kind: 'AssignedPod', old: before ?? pod })
  }

  function nodeChanged({ current, old }: { current?: Node; old?: Node }): void {
    if (current) cluster.setNode(current)
    else cluster.removeNode(old?.metadata.name ?? '')
    if (current && old && !isRelevantNodeChange(old, current)) return
    queue.notify({ kind: 'Node', ...(current && { current }), ...(old && { old }) })
  }

  /** Anything else that pods may wait for. */
  function follow<T extends { metadata: ObjectMeta }>(
    kind: ClusterEvent['kind'],
    informer: Informer<T>,
  ): () => void {
    return informer.listen((change) => queue.notify({ kind, ...change } as ClusterEvent))
  }

  const stops = [
    nodes.listen(nodeChanged),
    pods.listen(podChanged),
    follow('Namespace', namespaces),
    follow('PersistentVolume', caches.volumes),
    follow('PersistentVolumeClaim', caches.claims),
    follow('StorageClass', caches.classes),
    follow('CSINode', caches.csiNodes),
    follow('CSIDriver', caches.csiDrivers),
    follow('CSIStorageCapacity', caches.capacities),
  ]
  void Promise.all([pods.synced, nodes.synced, namespaces.synced, budgets.synced, caches.synced]).then(() => {
    ready = true
    scheduler.run()
  })

  return {
    async stop() {
      for (const stop of stops) stop()
      await scheduler.stop()
    },
  }
}
