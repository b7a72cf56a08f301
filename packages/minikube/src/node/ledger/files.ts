import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, messageOf } from '../../error.ts'
import type { ChangeKind, ChangeOf } from './change.ts'
import { isMountPoint, unmountBelow } from './mounts.ts'

export const directory: ChangeKind<ChangeOf<'directory'>> = {
  identity: ({ path }) => path,
  describe: ({ path }) => `make the directory ${path}`,
  async apply(changes) {
    for (const { path } of changes) await mkdir(path, { recursive: true, mode: 0o755 })
  },
  async undo(changes) {
    const stay = new Map<ChangeOf<'directory'>, string>()
    for (const change of changes) {
      try {
        await unmountBelow(change.path, false)
        if (await isMountPoint(change.path)) {
          await empty(change.path)
          stay.set(change, 'somebody has mounted a file system there; it is empty now')
        } else {
          await rm(change.path, { recursive: true, force: true })
        }
      } catch (error) {
        stay.set(change, messageOf(error))
      }
    }
    return stay
  },
}

async function empty(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    await rm(join(directory, name), { recursive: true, force: true })
}

export const sharedDirectory: ChangeKind<ChangeOf<'shared-directory'>> = {
  shared: true,
  identity: ({ path }) => path,
  describe: ({ path }) => `make the directory ${path}`,
  async apply(changes) {
    for (const { path } of changes) await mkdir(path, { recursive: true, mode: 0o755 })
  },
  async undo(changes) {
    const stay = new Map<ChangeOf<'shared-directory'>, string>()
    for (const change of changes) {
      if (change.previous === 'present') continue
      try {
        await rmdir(change.path)
      } catch (error) {
        if (codeOf(error) === 'ENOTEMPTY') stay.set(change, 'it holds what is not ours')
        else if (codeOf(error) !== 'ENOENT') stay.set(change, messageOf(error))
      }
    }
    return stay
  },
}

export const files: ChangeKind<ChangeOf<'files'>> = {
  identity: ({ directory: where, prefix }) => join(where, prefix),
  describe: ({ directory: where, prefix }) => `keep files ${join(where, prefix)}*`,
  async undo(changes) {
    for (const { directory: where, prefix } of changes) {
      const names = await readdir(where).catch(() => [])
      for (const name of names) {
        if (name.startsWith(prefix)) await rm(join(where, name), { recursive: true, force: true })
      }
    }
    return new Map()
  },
}

export const file: ChangeKind<ChangeOf<'file'>> = {
  identity: ({ path }) => path,
  describe: ({ path, previous }) => `${previous === null ? 'write' : 'replace'} the file ${path}`,
  async undo(changes, node) {
    const stay = new Map<ChangeOf<'file'>, string>()
    for (const change of changes) {
      const now = await node.readFile(change.path)
      if (now === undefined) continue
      if (digestOf(now) !== change.digest) stay.set(change, 'somebody has changed it since')
      else if (change.previous === null) await node.remove(change.path)
      else await node.writeFile(change.path, Buffer.from(change.previous, 'base64'), change.previousMode)
    }
    return stay
  },
}

/** The change that writing this content to `path` is. */
export async function fileChange(path: string, content: Buffer | string): Promise<ChangeOf<'file'>> {
  const present = await stat(path).catch(() => undefined)
  return {
    kind: 'file',
    path,
    digest: digestOf(content),
    previous: present ? (await readFile(path)).toString('base64') : null,
    ...(present && { previousMode: present.mode & 0o7777 }),
  }
}

function digestOf(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}
