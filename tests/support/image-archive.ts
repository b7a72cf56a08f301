import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'

export interface ImageConfig {
  Entrypoint?: string[]
  Cmd?: string[]
  Env?: string[]
  User?: string
  WorkingDir?: string
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

/** Writes a docker-archive of one layer: what `docker save` would give for that root file system. */
export async function writeImageArchive(
  target: string,
  name: string,
  layer: string,
  config: ImageConfig,
): Promise<void> {
  const digest = await sha256(layer)
  const image = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
      history: [{ created_by: 'minikube tests' }],
    }),
  )
  const id = createHash('sha256').update(image).digest('hex')
  const archive = pack()
  const written = pipeline(archive, createWriteStream(target))
  archive.entry({ name: `${id}.json` }, image)
  archive.entry(
    { name: 'manifest.json' },
    JSON.stringify([{ Config: `${id}.json`, RepoTags: [name], Layers: [`${digest}/layer.tar`] }]),
  )
  const entry = archive.entry({ name: `${digest}/layer.tar`, size: (await stat(layer)).size })
  await pipeline(createReadStream(layer), entry)
  archive.finalize()
  await written
}
