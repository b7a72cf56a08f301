import { setTimeout as delay } from 'node:timers/promises'
import { containerdEvents } from '@minikube-ts/cri/containerd/events.ts'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { isCriCode } from '@minikube-ts/cri/cri-error.ts'
import { ContainerEventType } from '@minikube-ts/cri/generated/runtime-v1.ts'
import type { GrpcChannel } from '@minikube-ts/cri/grpc/channel.ts'
import type { Logger } from '../../log.ts'

export interface RuntimeEventsOptions {
  cri: CriClient
  channel: GrpcChannel
  runtimeName: string
  log: Logger
  signal: AbortSignal
  /** A container or sandbox has ended. */
  onExit(id: string): void
  /** Images have come or gone. */
  onImages(): void
  /** The stream is there (again): what happened in between is not known. `false`: it broke. */
  onConnected(connected: boolean): void
  /** Nothing tells of ends: look at everything. Only runtimes without any events need this. */
  onRelist(): Promise<boolean>
}

const firstRetryMs = 20
const longestRetryMs = 1000
/** A stream that lasted this long was a good one. */
const steadyMs = 5000
/** Between two looks at a runtime without events: short while things happen, long while nothing does. */
const busyRelistMs = 1000
const idleRelistMs = 10_000

/**
 * Follows what happens in the runtime until `signal` aborts. containerd's own event stream, where it is containerd (all
 * versions have it), else CRI's, else a relist at intervals.
 */
export async function followRuntime(options: RuntimeEventsOptions): Promise<void> {
  const { signal, log } = options
  let failures = 0
  while (!signal.aborted) {
    const began = performance.now()
    try {
      await follow(options)
    } catch (error) {
      if (signal.aborted) return
      if (performance.now() - began > steadyMs) failures = 0
      if (isCriCode(error, 'Unimplemented')) return relistForEver(options)
      if (failures === 0) log.warn('lost the events of the container runtime', { error })
    }
    options.onConnected(false)
    const wait = Math.min(longestRetryMs, firstRetryMs * 2 ** failures++)
    await delay(wait, undefined, { signal }).catch(() => undefined)
  }
}

async function follow(options: RuntimeEventsOptions): Promise<void> {
  const { cri, signal, onConnected, onExit, onImages } = options
  const events = options.runtimeName === 'containerd' ? fromContainerd(options) : fromCri(options)
  let next = events.next()
  next.catch(() => {})
  // A stream says nothing until something happens; the answer to a later call tells that it has been opened.
  // Not the version: that is told before the runtime is ready for anything else.
  await cri.status({}, { signal })
  onConnected(true)
  for (;;) {
    const { done, value } = await next
    if (done) return
    if (value === images) onImages()
    else onExit(value)
    next = events.next()
  }
}

const images = Symbol('images')

async function* fromContainerd({
  channel,
  signal,
}: RuntimeEventsOptions): AsyncGenerator<string | typeof images, void> {
  for await (const { topic, containerId } of containerdEvents(channel, { signal })) {
    if (topic === '/tasks/exit') yield containerId
    else if (topic.startsWith('/images/')) yield images
  }
}

async function* fromCri({ cri, signal }: RuntimeEventsOptions): AsyncGenerator<string | typeof images, void> {
  const ends: ContainerEventType[] = [
    ContainerEventType.CONTAINER_STOPPED_EVENT,
    ContainerEventType.CONTAINER_DELETED_EVENT,
  ]
  for await (const { containerId, containerEventType } of cri.getContainerEvents({}, { signal })) {
    if (ends.includes(containerEventType)) yield containerId
  }
}

async function relistForEver({ signal, onRelist, onConnected }: RuntimeEventsOptions): Promise<void> {
  let connected = true
  while (!signal.aborted) {
    let changed = false
    try {
      changed = await onRelist()
      if (!connected) onConnected(true)
      connected = true
    } catch {
      if (connected) onConnected(false)
      connected = false
    }
    await delay(changed ? busyRelistMs : idleRelistMs, undefined, { signal }).catch(() => undefined)
  }
}
