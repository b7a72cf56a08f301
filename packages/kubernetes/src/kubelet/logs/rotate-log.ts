import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

const compressed = '.gz'
const temporary = '.tmp'

/**
 * Gives a log a new file, as upstream's kubelet does: the old one keeps the log's name with a time behind it and is
 * compressed when the next one joins it; of more than `maxFiles` in all, the oldest go. `reopen` makes the writer open the
 * log's name again.
 * @throws Error when it could not be done; the log is then where it was
 */
export async function rotateLog(
  path: string,
  maxFiles: number,
  reopen: () => Promise<void>,
  now = new Date(),
): Promise<void> {
  const older = await removeUseless(path)
  // Besides them there will be the one that is rotated now and the new one.
  const kept = older.splice(Math.max(0, older.length - (maxFiles - 2)))
  for (const file of older) await rm(file, { force: true })
  for (const file of kept) if (!file.endsWith(compressed)) await compress(file)
  const rotated = `${path}.${timestamp(now)}`
  await rename(path, rotated)
  try {
    await reopen()
  } catch (error) {
    await rename(rotated, path)
    throw error
  }
}

/** Removes what an earlier attempt left unfinished. Returns the rotated files, oldest first. */
async function removeUseless(path: string): Promise<string[]> {
  const directory = dirname(path)
  const prefix = `${basename(path)}.`
  const names = (await readdir(directory)).filter((name) => name.startsWith(prefix)).sort()
  const useful: string[] = []
  for (const name of names) {
    const isUseless = name.endsWith(temporary) || names.includes(name + compressed)
    if (isUseless) await rm(join(directory, name), { force: true })
    else useful.push(join(directory, name))
  }
  return useful
}

async function compress(file: string): Promise<void> {
  const { mode } = await stat(file)
  const target = file + compressed
  await pipeline(createReadStream(file), createGzip(), createWriteStream(target + temporary, { mode }))
  await rename(target + temporary, target)
  await rm(file)
}

/** `20060102-150405`, in local time. */
function timestamp(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`
  return `${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`
}
