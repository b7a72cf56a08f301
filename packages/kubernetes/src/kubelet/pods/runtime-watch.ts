import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { GrpcChannel } from '@minikube-ts/cri/grpc/channel.ts'
import type { Logger } from '../../log.ts'
import { podUidLabel } from '../containers/labels.ts'
import { listPodsOfRuntime } from '../containers/list-pods-of-runtime.ts'
import { followRuntime } from '../containers/runtime-events.ts'
import type { RuntimeState } from '../node/runtime-state.ts'
import type { PodManager } from './pod-manager.ts'

export interface RuntimeWatchOptions {
  cri: CriClient
  channel: GrpcChannel
  runtimeName: string
  pods: PodManager
  state: RuntimeState
  log: Logger
  signal: AbortSignal
  /** Images may have come or gone. */
  onImages(): void
}

/** Tells the workers of pods what happens in the runtime without them. Until `signal` aborts. */
export function watchRuntime(options: RuntimeWatchOptions): void {
  const { cri, channel, runtimeName, pods, state, log, signal, onImages } = options
  void followRuntime({
    cri,
    channel,
    runtimeName,
    log,
    signal,
    onExit: (id) => void exited(cri, pods, id),
    onImages,
    onConnected: (connected) => {
      if (!connected) {
        state.lost()
        return
      }
      void state.check()
      pods.allChanged()
      onImages()
    },
    onRelist: () => relist(cri, runtimeName, pods),
  })
}

async function exited(cri: CriClient, pods: PodManager, id: string): Promise<void> {
  if (pods.ended(id)) return
  // Made so recently that it has not been seen yet, or of somebody else.
  const answer = await cri.containerStatus({ containerId: id }).catch(() => undefined)
  const uid = answer?.status?.labels[podUidLabel]
  if (uid) pods.worker(uid)?.runtimeChanged(id)
}

/** @returns whether anything was otherwise than the workers know it */
async function relist(cri: CriClient, runtimeName: string, pods: PodManager): Promise<boolean> {
  let changed = false
  for (const record of await listPodsOfRuntime(cri, runtimeName)) {
    const worker = pods.worker(record.uid)
    const before = worker?.record?.containers ?? []
    const same = record.containers.every(({ id, state }) =>
      before.some((old) => old.id === id && old.state === state),
    )
    if (!worker || same) continue
    changed = true
    worker.runtimeChanged()
  }
  return changed
}
