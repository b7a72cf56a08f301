import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { Image } from '@minikube-ts/cri/generated/runtime-v1.ts'
import type { Logger } from '../../log.ts'
import { fileSystemUsage } from '../stats/file-system-usage.ts'

/** An image that has just come is about to be used. */
const minimumAgeMs = 120_000

export interface ImageGcPolicy {
  /** Percent of the images' file system in use from which on unused images are removed. */
  highThresholdPercent: number
  /** How far down. */
  lowThresholdPercent: number
}

interface Seen {
  /** Milliseconds since the epoch. */
  since: number
  lastUsed: number
}

/** Removes images that no container is made from, those first that were not used for longest. */
export class ImageGc {
  private readonly cri: CriClient
  private readonly log: Logger
  private readonly policy: ImageGcPolicy
  private readonly seen = new Map<string, Seen>()

  constructor(cri: CriClient, policy: ImageGcPolicy, log: Logger) {
    this.cri = cri
    this.policy = policy
    this.log = log
  }

  /**
   * Frees what the policy wants to be free. To be called from time to time: only what has been seen before is removed.
   * @throws Error when not enough could be removed; CriError
   */
  async collect(now = Date.now()): Promise<void> {
    const unused = await this.unused(now)
    const { imageFilesystems } = await this.cri.imageFsInfo({})
    const mountpoint = imageFilesystems[0]?.fsId?.mountpoint
    if (!mountpoint) return
    const { capacityBytes = 0, availableBytes = 0 } = await fileSystemUsage(mountpoint)
    if (capacityBytes === 0) throw new Error('invalid capacity 0 on image filesystem')
    const percent = 100 - Math.floor((availableBytes * 100) / capacityBytes)
    if (percent < this.policy.highThresholdPercent) return
    const wanted = Math.ceil((capacityBytes * (100 - this.policy.lowThresholdPercent)) / 100) - availableBytes
    const freed = await this.remove(unused, wanted, now)
    if (freed < wanted) {
      throw new Error(
        `Insufficient free disk space on the node's image filesystem (${percent}% of ${capacityBytes} bytes used). Failed to free sufficient space by deleting unused images (freed ${freed} bytes). Investigate disk usage, as it could be used by active images, logs, volumes, or other data.`,
      )
    }
  }

  /** Removes every image that nobody uses and that is not new. Returns the bytes that they had. @throws CriError */
  async removeUnused(now = Date.now()): Promise<number> {
    return this.remove(await this.unused(now), Number.POSITIVE_INFINITY, now)
  }

  private async unused(now: number): Promise<Image[]> {
    const [{ images }, { containers }, sandboxImage] = await Promise.all([
      this.cri.listImages({}),
      this.cri.listContainers({}),
      this.sandboxImage(),
    ])
    const used = new Set(
      containers.flatMap(({ image, imageId, imageRef }) => [image?.image, imageId, imageRef]),
    ).add(sandboxImage)
    const isUsed = ({ id, repoDigests, repoTags }: Image): boolean =>
      [id, ...repoDigests, ...repoTags].some((name) => used.has(name))
    const present = new Set(images.map(({ id }) => id))
    for (const id of this.seen.keys()) if (!present.has(id)) this.seen.delete(id)
    for (const image of images) {
      const seen = this.seen.get(image.id) ?? { since: now, lastUsed: 0 }
      if (isUsed(image)) seen.lastUsed = now
      this.seen.set(image.id, seen)
    }
    const order = ({ id }: Image): Seen => this.seen.get(id)!
    return images
      .filter((image) => !image.pinned && !isUsed(image))
      .sort((a, b) => order(a).lastUsed - order(b).lastUsed || order(a).since - order(b).since)
  }

  /** What every pod is begun with: older runtimes (containerd before 1.7) do not pin it. */
  private async sandboxImage(): Promise<string | undefined> {
    const { info } = await this.cri.status({ verbose: true })
    const config = JSON.parse(info.config ?? '{}') as { sandboxImage?: string }
    return config.sandboxImage
  }

  private async remove(images: readonly Image[], wanted: number, now: number): Promise<number> {
    let freed = 0
    for (const { id, size } of images) {
      if (freed >= wanted) break
      if (now - this.seen.get(id)!.since < minimumAgeMs) continue
      this.log.info('removing an unused image', { image: id, bytes: size })
      await this.cri.removeImage({ image: { image: id } })
      freed += size
    }
    return freed
  }
}
