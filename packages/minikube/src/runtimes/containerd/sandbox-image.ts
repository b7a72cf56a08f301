import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { Pack } from 'tar-stream'

/** The image of every pod's sandbox; made on the machine, so no registry is asked for it. */
export const sandboxImage = 'minikube.internal/pause:1'

/** A docker-archive of one static program that does nothing but reap, for `architecture` in Go's names. */
export async function buildSandboxImage(program: Buffer, architecture: string): Promise<Buffer> {
  const layer = await tar((pack) => {
    pack.entry({ name: 'pause', mode: 0o755, mtime: new Date(0) }, program)
  })
  const config = JSON.stringify({
    architecture,
    os: 'linux',
    config: { Entrypoint: ['/pause', '-P'], User: '65535:65535' },
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`] },
    history: [{ created_by: 'minikube' }],
  })
  const manifest = JSON.stringify([
    { Config: 'config.json', RepoTags: [sandboxImage], Layers: ['layer.tar'] },
  ])
  return await tar((pack) => {
    for (const [name, content] of Object.entries({
      'manifest.json': manifest,
      'config.json': config,
      'layer.tar': layer,
    })) {
      pack.entry({ name, mtime: new Date(0) }, content)
    }
  })
}

async function tar(fill: (pack: Pack) => void): Promise<Buffer> {
  const { pack } = await import('tar-stream')
  const archive = pack()
  fill(archive)
  archive.finalize()
  return buffer(archive)
}
