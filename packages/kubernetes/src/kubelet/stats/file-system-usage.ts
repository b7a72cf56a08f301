import { lstat, readdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { FsStats } from './summary.ts'

/** How full the file system is that holds a path. @throws Error when there is no such path */
export async function fileSystemUsage(path: string): Promise<Omit<FsStats, 'time'>> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path)
  return {
    availableBytes: bavail * bsize,
    capacityBytes: blocks * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodesFree: ffree,
    inodes: files,
    inodesUsed: files - ffree,
  }
}

/** What a directory with all in it takes up. What vanishes while it is counted does not count. */
export async function directoryUsage(path: string): Promise<{ usedBytes: number; inodesUsed: number }> {
  const sum = { usedBytes: 0, inodesUsed: 0 }
  const seen = new Set<number>()
  const visit = async (path: string): Promise<void> => {
    const found = await lstat(path).catch(() => undefined)
    if (!found || seen.has(found.ino)) return
    if (found.nlink > 1) seen.add(found.ino)
    sum.usedBytes += found.blocks * 512
    sum.inodesUsed++
    if (!found.isDirectory()) return
    for (const name of await readdir(path).catch(() => [])) await visit(join(path, name))
  }
  await visit(path)
  return sum
}
