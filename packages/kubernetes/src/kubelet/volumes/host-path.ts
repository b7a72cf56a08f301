import type { Stats } from 'node:fs'
import { mkdir, open, stat } from 'node:fs/promises'
import type { HostPathVolumeSource } from '../../api/types/core-v1.ts'
import type { SetUpVolume } from './volume-plugin.ts'

/** Checks and makes what the type of the volume says; upstream's messages. */
export const setUpHostPath: SetUpVolume<HostPathVolumeSource> = async (_context, _pod, _name, source) => {
  await checkType(source.path, source.type ?? '')
  return { path: source.path, readOnly: false, block: source.type === 'BlockDevice' }
}

const checks: Record<string, { is: (stats: Stats) => boolean; what: string }> = {
  Directory: { is: (stats) => stats.isDirectory(), what: 'a directory' },
  File: { is: (stats) => stats.isFile(), what: 'a file' },
  Socket: { is: (stats) => stats.isSocket(), what: 'a socket' },
  CharDevice: { is: (stats) => stats.isCharacterDevice(), what: 'a character device' },
  BlockDevice: { is: (stats) => stats.isBlockDevice(), what: 'a block device' },
}

async function checkType(path: string, type: string): Promise<void> {
  if (type === '') return
  const found = await stat(path).catch(() => undefined)
  if (type === 'DirectoryOrCreate') {
    if (!found) await mkdir(path, { recursive: true, mode: 0o755 })
    else if (!found.isDirectory()) throw failed(path, 'a directory')
    return
  }
  if (type === 'FileOrCreate') {
    if (!found) await (await open(path, 'a', 0o644)).close()
    else if (!found.isFile()) throw failed(path, 'a file')
    return
  }
  const check = checks[type]
  if (!check) throw new Error(`${type} is an invalid volume type`)
  if (!found || !check.is(found)) throw failed(path, check.what)
}

function failed(path: string, what: string): Error {
  return new Error(`hostPath type check failed: ${path} is not ${what}`)
}
