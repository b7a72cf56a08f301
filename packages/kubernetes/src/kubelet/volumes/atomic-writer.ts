import {
  chmod,
  lchown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'

export interface ProjectedFile {
  data: Buffer
  /** Permission bits. */
  mode: number
  /** Owner, when it is not root. */
  uid?: number
}

/** Files by their path below the volume. */
export type Payload = Map<string, ProjectedFile>

const dataLink = '..data'

/**
 * Makes `target` show exactly the files of `payload`, all at once: they are written into a fresh directory that the
 * `..data` link then names; what users see are links into it. Nothing is touched when nothing has changed.
 * `finish` gets the fresh directory before it becomes visible.
 */
export async function writeAtomically(
  target: string,
  payload: Payload,
  finish: (directory: string) => Promise<void>,
): Promise<void> {
  const files = new Map([...payload].map(([path, file]) => [checkedPath(path), file]))
  await mkdir(target, { recursive: true })
  const data = join(target, dataLink)
  const old = await readlink(data).catch(() => undefined)
  if (old !== undefined && (await isSame(join(target, old), files))) return

  const stamp = new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '_')
  const fresh = await mkdtemp(join(target, `..${stamp}.`))
  await chmod(fresh, 0o755)
  for (const [path, file] of files) await writeOne(join(fresh, path), file)
  await finish(fresh)
  const next = join(target, '..data_tmp')
  await rm(next, { force: true })
  await symlink(fresh.slice(target.length + 1), next)
  await rename(next, data)

  const visible = new Set([...files.keys()].map((path) => path.split('/')[0]!))
  for (const name of await readdir(target)) {
    if (!name.startsWith('..') && !visible.delete(name)) await rm(join(target, name))
  }
  for (const name of visible) await symlink(join(dataLink, name), join(target, name))
  if (old !== undefined) await rm(join(target, old), { recursive: true, force: true })
}

/** @throws Error for a path that would leave the volume or hide its machinery */
function checkedPath(path: string): string {
  if (path === '') throw new Error('invalid path: must not be empty: ""')
  if (path.startsWith('/')) throw new Error(`invalid path: must be relative path: ${path}`)
  const items = path.split('/')
  if (items.includes('..')) throw new Error(`invalid path: must not contain '..': ${path}`)
  if (items[0]!.startsWith('..')) throw new Error(`invalid path: must not start with '..': ${path}`)
  return normalize(path)
}

async function writeOne(path: string, { data, mode, uid }: ProjectedFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, data)
  await chmod(path, mode)
  if (uid !== undefined) await lchown(path, uid, -1)
}

async function isSame(directory: string, files: Payload): Promise<boolean> {
  let entries: import('node:fs').Dirent[]
  try {
    entries = await readdir(directory, { recursive: true, withFileTypes: true })
  } catch {
    return false
  }
  const present = entries.filter((entry) => !entry.isDirectory())
  if (present.length !== files.size) return false
  for (const [path, { data }] of files) {
    const content = await readFile(join(directory, path)).catch(() => undefined)
    if (!content?.equals(data)) return false
  }
  return true
}
