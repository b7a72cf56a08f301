import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

export interface ScratchImage {
  /** e.g. `registry.test/busybox:1`. */
  name: string
  /** Path in the image → static program of this machine. */
  programs: Record<string, string>
  /** Path in the image → target. */
  links?: Record<string, string>
  /** Path in the image → text. */
  files?: Record<string, string>
  config: { Cmd?: string[]; Entrypoint?: string[]; Env?: string[]; User?: string; WorkingDir?: string }
}

/** Builds an image of a few files below `directory` and returns its docker-archive tar: tests have no registry. */
export function buildScratchImage(directory: string, image: ScratchImage): string {
  mkdirSync(directory, { recursive: true })
  const work = mkdtempSync(join(directory, 'image-'))
  const root = join(work, 'root')
  const place = (path: string): string => {
    const target = join(root, path)
    mkdirSync(dirname(target), { recursive: true })
    return target
  }
  mkdirSync(join(root, 'tmp'), { recursive: true })
  chmodSync(join(root, 'tmp'), 0o1777)
  for (const [path, program] of Object.entries(image.programs)) {
    copyFileSync(program, place(path))
    chmodSync(join(root, path), 0o755)
  }
  for (const [path, target] of Object.entries(image.links ?? {})) symlinkSync(target, place(path))
  for (const [path, text] of Object.entries(image.files ?? {})) writeFileSync(place(path), text)
  execFileSync('tar', ['-C', root, '--owner=0', '--group=0', '-cf', join(work, 'layer.tar'), '.'])
  const diffId = createHash('sha256')
    .update(readFileSync(join(work, 'layer.tar')))
    .digest('hex')
  writeFileSync(
    join(work, 'config.json'),
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: image.config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] },
      history: [{ created_by: 'test' }],
    }),
  )
  writeFileSync(
    join(work, 'manifest.json'),
    JSON.stringify([{ Config: 'config.json', RepoTags: [image.name], Layers: ['layer.tar'] }]),
  )
  const archive = join(directory, `${image.name.replace(/[^a-z0-9.]+/g, '-')}.tar`)
  execFileSync('tar', ['-C', work, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar'])
  rmSync(work, { recursive: true })
  return archive
}
