import { statfs } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { CriError, isCriCode } from '../cri-error.ts'
import type { AuthConfig, ImageSpec } from '../generated/runtime-v1.ts'
import type { CriHandlers } from '../serve.ts'
import type { Engine } from './engine.ts'
import type { EngineInfo, InspectedImage, ListedImage } from './engine-types.ts'
import { nowInNanoseconds } from './time.ts'

/** CRI's image service by the engine's images. */
export class Images {
  readonly #engine: Engine
  readonly #sandboxImage: string

  constructor(engine: Engine, sandboxImage: string) {
    this.#engine = engine
    this.#sandboxImage = sandboxImage
  }

  handlers(): CriHandlers {
    return {
      listImages: async ({ filter }) => {
        const name = filter?.image?.image
        if (name) {
          const image = await this.#find(name)
          return { images: image ? [this.#shown(image)] : [] }
        }
        const images = await this.#engine.json<ListedImage[]>('/images/json')
        return { images: images.map((image) => this.#shown(image)) }
      },
      imageStatus: async ({ image, verbose }) => {
        const found = await this.#find(nameOf(image))
        if (!found) return {}
        return {
          image: { ...this.#shown(found), ...userOf(found) },
          ...(verbose && { info: { info: JSON.stringify({ imageSpec: { config: found.Config } }) } }),
        }
      },
      pullImage: async ({ image, auth }, signal) => {
        const name = nameOf(image)
        await this.#pull(name, auth, signal)
        const found = await this.#find(name)
        if (!found) throw new CriError('Internal', `${name} is not there after it was pulled`, 'PullImage')
        return { imageRef: found.RepoDigests?.[0] ?? found.Id }
      },
      removeImage: async ({ image }) => {
        const found = await this.#find(nameOf(image))
        if (!found) return {}
        // CRI removes an image with all its names; the engine one name after the other.
        const names = [...tagsOf(found), ...digestsOf(found)]
        for (const name of names.length > 0 ? names : [found.Id]) {
          await this.#engine.json(`/images/${name}`, { method: 'DELETE' }).catch((error: unknown) => {
            if (!isCriCode(error, 'NotFound')) throw error
          })
        }
        return {}
      },
      imageFsInfo: async () => {
        const [{ DockerRootDir }, { LayersSize }] = await Promise.all([
          this.#engine.json<EngineInfo>('/info'),
          this.#engine.json<{ LayersSize?: number }>('/system/df'),
        ])
        const { files, ffree } = await statfs(DockerRootDir)
        const usage = {
          timestamp: nowInNanoseconds(),
          fsId: { mountpoint: DockerRootDir },
          usedBytes: { value: LayersSize ?? 0 },
          inodesUsed: { value: files - ffree },
        }
        return { imageFilesystems: [usage], containerFilesystems: [usage] }
      },
    }
  }

  async #find(name: string): Promise<InspectedImage | undefined> {
    try {
      return await this.#engine.json<InspectedImage>(`/images/${name}/json`)
    } catch (error) {
      if (isCriCode(error, 'NotFound')) return undefined
      throw error
    }
  }

  async #pull(name: string, auth: AuthConfig | undefined, signal: AbortSignal): Promise<void> {
    const progress = await this.#engine.stream('/images/create', {
      method: 'POST',
      // Without a tag the engine would take all of them.
      query: { fromImage: /@|:[^/]*$/.test(name) ? name : `${name}:latest` },
      ...(auth && { headers: { 'X-Registry-Auth': registryAuth(auth) } }),
      signal,
    })
    for await (const line of createInterface({ input: progress })) {
      const { error } = JSON.parse(line) as { error?: string }
      if (error) throw new CriError('Unknown', error, 'PullImage')
    }
  }

  #shown(image: ListedImage) {
    const repoTags = tagsOf(image)
    return {
      id: image.Id,
      repoTags,
      repoDigests: digestsOf(image),
      size: image.Size,
      pinned: repoTags.includes(this.#sandboxImage),
      spec: { image: image.Id },
    }
  }
}

function nameOf(image: ImageSpec | undefined): string {
  if (!image?.image) throw new CriError('InvalidArgument', 'an image must be named', 'ImageService')
  return image.image
}

function tagsOf({ RepoTags }: ListedImage): string[] {
  return (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>')
}

function digestsOf({ RepoDigests }: ListedImage): string[] {
  return (RepoDigests ?? []).filter((digest) => !digest.startsWith('<none>'))
}

/** Who the image's processes run as: a number or a name. */
function userOf({ Config }: InspectedImage): { uid?: { value: number }; username?: string } {
  const [user = ''] = (Config?.User ?? '').split(':')
  if (user === '') return { uid: { value: 0 } }
  return /^\d+$/.test(user) ? { uid: { value: Number(user) } } : { username: user }
}

function registryAuth(auth: AuthConfig): string {
  const [username, ...password] = auth.auth ? Buffer.from(auth.auth, 'base64').toString().split(':') : []
  const document = {
    username: auth.username || (username ?? ''),
    password: auth.password || password.join(':'),
    serveraddress: auth.serverAddress,
    identitytoken: auth.identityToken,
    registrytoken: auth.registryToken,
  }
  return Buffer.from(JSON.stringify(document)).toString('base64url')
}
