import { constants, type FileHandle, mkdir, open, readlink, realpath, stat } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { bindMount, listMounts } from '../mounts/mount-table.ts'

/** @throws Error for a path that could leave the volume */
export function checkSubpath(subPath: string): void {
  if (subPath.startsWith('/')) throw new Error(`error SubPath \`${subPath}\` must not be an absolute path`)
  if (subPath.split('/').includes('..')) {
    throw new Error(`unable to provision SubPath \`${subPath}\`: must not contain '..'`)
  }
}

/**
 * Binds what is at `subPath` in a volume to `target`, so that a container may replace it by a link afterwards without
 * getting at the node's files. A missing directory is made with the volume's mode.
 */
export async function bindSubpath(volumePath: string, subPath: string, target: string): Promise<void> {
  const root = await realpath(volumePath)
  const mounted = (await listMounts()).some((mount) => mount.target === target)
  if (mounted) return
  const wanted = join(root, subPath)
  if (!(await stat(wanted).catch(() => undefined))) await makeInside(root, subPath)
  const handle = await openInside(root, wanted)
  try {
    const isDirectory = (await handle.stat()).isDirectory()
    await mkdir(isDirectory ? target : dirname(target), { recursive: true, mode: 0o750 })
    if (!isDirectory) await (await open(target, 'a', 0o640)).close()
    // Through the open file: whatever its name leads to now, this is what was checked.
    await bindMount(`/proc/${process.pid}/fd/${handle.fd}`, target)
  } finally {
    await handle.close()
  }
}

/** Opens without following the last name further and checks where that is. */
async function openInside(root: string, path: string): Promise<FileHandle> {
  const real = await realpath(path)
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const actual = await readlink(`/proc/self/fd/${handle.fd}`)
  if (actual === root || actual.startsWith(root.endsWith(sep) ? root : root + sep)) return handle
  await handle.close()
  throw new Error(`path ${path} resolves outside of the volume`)
}

async function makeInside(root: string, subPath: string): Promise<void> {
  const { mode } = await stat(root)
  let directory = root
  for (const part of subPath.split('/').filter((name) => name !== '' && name !== '.')) {
    const next = join(directory, part)
    if (!(await stat(next).catch(() => undefined))) {
      await mkdir(next, { mode: mode & 0o7777 })
      const handle = await openInside(root, next)
      await handle.chmod(mode & 0o7777)
      await handle.close()
    }
    directory = next
  }
}
