import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from './root.ts'

const building = new Map<string, Promise<string>>()

/**
 * A file or folder that is costly to make, kept under .cache/ between runs. `build` makes it at the path it is given; a
 * broken build leaves nothing. Whoever asks for the same name meanwhile waits for the same build.
 */
export function cached(name: string, build: (path: string) => Promise<void>): Promise<string> {
  const path = join(root, '.cache', name)
  let pending = building.get(name)
  if (!pending) {
    pending = (async () => {
      if (existsSync(path)) return path
      const partial = `${path}.partial`
      await rm(partial, { recursive: true, force: true })
      await mkdir(join(path, '..'), { recursive: true })
      await build(partial)
      await rename(partial, path)
      return path
    })()
    building.set(name, pending)
  }
  return pending
}
