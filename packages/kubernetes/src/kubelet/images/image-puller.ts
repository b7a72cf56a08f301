import type { Init } from '@minikube-ts/cri/call.ts'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { CriError } from '@minikube-ts/cri/cri-error.ts'
import type { Image, PodSandboxConfig } from '@minikube-ts/cri/generated/runtime-v1.ts'
import { formatDuration } from '../../api/duration.ts'
import type { Secret } from '../../api/types/core-v1.ts'
import { Backoff } from '../containers/backoff.ts'
import type { ImageUser } from '../containers/security-context.ts'
import { StartError } from '../containers/start-error.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { pullCredentials } from './credentials.ts'
import { withDefaultTag } from './image-name.ts'

const firstBackoffMs = 10_000
const longestBackoffMs = 300_000
/** A failed pull shows as such for a moment, then as waiting for the next try. */
const shownMs = 2000

export interface ImageRequest {
  pod: NodePod
  image: string
  pullPolicy: string
  secrets: readonly Secret[]
  sandbox: Init<PodSandboxConfig>
  event(type: 'Normal' | 'Warning', reason: string, message: string): void
  signal: AbortSignal
}

export interface PresentImage {
  /** As the runtime knows it; what a container is made from. */
  ref: string
  user: ImageUser
}

/** Sees to it that images are on the node before containers are made from them. */
export class ImagePuller {
  private readonly cri: CriClient
  private readonly onUse: (ref: string) => void
  private readonly backoff = new Backoff(firstBackoffMs, longestBackoffMs)
  private readonly lastErrors = new Map<string, string>()
  private readonly pulling = new Map<string, Promise<Image | undefined>>()

  /** `onUse` is told of every image a container is made from. */
  constructor(cri: CriClient, onUse: (ref: string) => void = () => {}) {
    this.cri = cri
    this.onUse = onUse
  }

  /** @throws StartError */
  async ensure(request: ImageRequest): Promise<PresentImage> {
    const { image, pullPolicy, event } = request
    const name = withDefaultTag(image)
    if (name === undefined) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`
      event('Warning', 'InspectFailed', message)
      throw new StartError('InvalidImageName', message)
    }
    let present: Image | undefined
    if (pullPolicy !== 'Always') {
      present = await this.inspect(name, event)
      if (present) {
        event(
          'Normal',
          'Pulled',
          `Container image "${image}" already present on machine and can be accessed by the pod`,
        )
      } else if (pullPolicy === 'Never') {
        const message = `Container image "${image}" is not present with pull policy of Never`
        event('Warning', 'ErrImageNeverPull', message)
        throw new StartError('ErrImageNeverPull', message)
      }
    }
    present ??= await this.pull(request, name)
    this.onUse(present.id)
    return { ref: present.id, user: userOf(present) }
  }

  private async inspect(name: string, event: ImageRequest['event']): Promise<Image | undefined> {
    try {
      return (await this.cri.imageStatus({ image: { image: name } })).image
    } catch (error) {
      const message = `Failed to inspect image "": ${describe(error)}`
      event('Warning', 'InspectFailed', message)
      throw new StartError('ImageInspectError', message)
    }
  }

  private async pull(request: ImageRequest, name: string): Promise<Image> {
    const { pod, image, event, signal } = request
    const key = `${pod.metadata.uid}_${image}`
    const retryAt = this.backoff.untilSinceUpdate(key)
    if (retryAt !== undefined) {
      const message = `Back-off pulling image "${image}"`
      event('Normal', 'BackOff', message)
      const last = this.lastErrors.get(key)
      throw new StartError('ImagePullBackOff', last ? `${message}: ${last}` : message, retryAt)
    }
    this.lastErrors.delete(key)
    event('Normal', 'Pulling', `Pulling image "${image}"`)
    const began = Date.now()
    try {
      const by = request.secrets.map(({ metadata }) => metadata.uid)
      const pulled = await this.shared(JSON.stringify([name, by]), () =>
        this.pullWithCredentials(request, name),
      )
      if (!pulled) throw new Error(`image "${name}" is not there after it was pulled`)
      const took = formatDuration(Date.now() - began)
      event(
        'Normal',
        'Pulled',
        `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${pulled.size} bytes.`,
      )
      this.backoff.collect()
      return pulled
    } catch (error) {
      if (signal.aborted) throw error
      const message = describe(error)
      event('Warning', 'Failed', `Failed to pull image "${image}": ${message}`)
      this.backoff.next(key, Date.now())
      this.lastErrors.set(key, `ErrImagePull: ${message}`)
      throw new StartError('ErrImagePull', message, Date.now() + shownMs)
    }
  }

  /** Pods that want the same image at the same time share one pull; with secrets each must show its own. */
  private async shared(key: string, pull: () => Promise<Image | undefined>): Promise<Image | undefined> {
    const running = this.pulling.get(key)
    if (running) return running
    const started = pull().finally(() => this.pulling.delete(key))
    this.pulling.set(key, started)
    return started
  }

  private async pullWithCredentials(request: ImageRequest, name: string): Promise<Image | undefined> {
    const { secrets, sandbox, signal } = request
    const image = { image: name, annotations: request.pod.metadata.annotations ?? {} }
    const credentials = pullCredentials(name, secrets)
    let failure: unknown
    for (const auth of credentials.length > 0 ? credentials : [undefined]) {
      try {
        const { imageRef } = await this.cri.pullImage(
          { image, sandboxConfig: sandbox, ...(auth && { auth }) },
          { signal },
        )
        return (await this.cri.imageStatus({ image: { image: imageRef } })).image
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }
}

function describe(error: unknown): string {
  return error instanceof CriError ? error.toGoString() : (error as Error).message
}

/** An image that names no user runs as root. */
function userOf(image: Image): ImageUser {
  if (image.uid) return { uid: image.uid.value }
  return image.username ? { username: image.username } : { uid: 0 }
}
