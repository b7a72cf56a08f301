import { isReason } from '../../api/api-error.ts'
import type { ObjectMeta } from '../../api/kube-object.ts'
import { createWorkQueue } from '../../client/create-work-queue.ts'
import { type Informer, type InformerListener, keyOf } from '../../client/informer.ts'
import type { WorkQueue } from '../../client/work-queue.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { isNamespaceTerminating } from './errors.ts'

export interface LoopOptions {
  /** As upstream names the controller, e.g. `replicaset-controller`. */
  name: string
  /** Everything that `reconcile` reads: it waits for their first lists. */
  caches: { synced: Promise<void> }[]
  workers?: number
  maxBackoffMs?: number
  reconcile(key: string): Promise<void>
}

/** A work queue with the listeners that feed it: what nearly every controller is made of. */
export interface Loop extends Controller {
  readonly queue: WorkQueue
  listen<T extends { metadata: ObjectMeta }>(informer: Informer<T>, listener: InformerListener<T>): void
  /** Queues the key of each object of `informer` that comes, changes or goes. */
  follow<T extends { metadata: ObjectMeta }>(informer: Informer<T>): void
  /** Something else to end with the loop, e.g. a second queue. */
  alsoStop(what: () => Promise<void> | void): void
}

/** A reconcile that acted on an old cache, or in a namespace that is going, just comes again; other failures are logged and come again. */
export function createLoop(context: ControllerContext, options: LoopOptions): Loop {
  const log = context.log.child(options.name)
  const endings: (() => Promise<void> | void)[] = []
  const queue = createWorkQueue({
    name: options.name,
    ...(options.workers !== undefined && { workers: options.workers }),
    ...(options.maxBackoffMs !== undefined && { maxBackoffMs: options.maxBackoffMs }),
    ready: Promise.all(options.caches.map(({ synced }) => synced)),
    reconcile: (key) => options.reconcile(key),
    onError(key, error) {
      if (isReason(error, 'Conflict') || isReason(error, 'AlreadyExists')) return
      if (isNamespaceTerminating(error)) return
      log.warn('reconcile failed', { key, error })
    },
  })
  return {
    name: options.name,
    queue,
    listen(informer, listener) {
      endings.push(informer.listen(listener))
    },
    follow(informer) {
      endings.push(
        informer.listen(({ current, old }) => {
          const object = current ?? old
          if (object) queue.add(keyOf(object))
        }),
      )
    },
    alsoStop(what) {
      endings.push(what)
    },
    async stop() {
      await Promise.all([...endings.map((end) => end()), queue.stop()])
    },
  }
}
