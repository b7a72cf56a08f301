import { type FileHandle, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Up to where a log has been written. */
export interface LogPosition {
  /** Of the last entry; empty at the beginning. */
  time: string
  /** How many of the last entries have that time: pieces of one line do. */
  count: number
}

/** Bytes at the end of a log that are looked at. */
const tailSize = 256 << 10

/** Reads on from where the last writer ended; a line that it could not finish is cut off. */
export async function findPosition(file: FileHandle, path: string): Promise<LogPosition> {
  const { size } = await file.stat()
  const start = Math.max(0, size - tailSize)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start)
  const tail = buffer.subarray(0, bytesRead)
  const whole = tail.lastIndexOf(0x0a) + 1
  if (whole < tail.length) await file.truncate(start + whole)
  const times = tail
    .toString('latin1', 0, whole)
    .split('\n')
    .slice(0, -1)
    .map((line) => line.slice(0, line.indexOf(' ')))
  const time = times.at(-1)
  if (time === undefined) return { time: await lastRotation(path), count: 0 }
  const other = times.findLastIndex((one) => one !== time)
  return { time, count: times.length - 1 - other }
}

/** When an older part of the log, moved aside since, was last written to. */
async function lastRotation(path: string): Promise<string> {
  const prefix = `${basename(path)}.`
  const names = await readdir(dirname(path)).catch((): string[] => [])
  const times = await Promise.all(
    names
      .filter((name) => name.startsWith(prefix))
      .map(async (name) => (await stat(join(dirname(path), name))).mtimeMs),
  )
  return times.length === 0 ? '' : new Date(Math.max(...times)).toISOString()
}
