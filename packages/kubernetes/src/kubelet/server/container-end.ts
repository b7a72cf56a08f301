import type { KubeletServerSource } from './kubelet-server-source.ts'
import { containerStatus } from './logged-container.ts'

export interface ContainerEnd {
  /** Aborted once that run of the container has ended. */
  readonly signal: AbortSignal
  /** Not interested any more. */
  forget(): void
}

/** `id` as statuses spell it. */
export function containerEnd(
  source: Pick<KubeletServerSource, 'status' | 'onStatus'>,
  podUid: string,
  name: string,
  id: string,
): ContainerEnd {
  const ended = new AbortController()
  const look = (): void => {
    const now = containerStatus(source.status(podUid) ?? {}, name)
    if (now?.containerID !== id || !now.state?.running) ended.abort()
  }
  const forget = source.onStatus((uid) => {
    if (uid === podUid) look()
  })
  look()
  return { signal: ended.signal, forget }
}
