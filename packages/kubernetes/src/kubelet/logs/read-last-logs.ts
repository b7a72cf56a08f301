import { open } from 'node:fs/promises'
import { parseLogLine } from './log-line.ts'
import { tailOffset } from './tail-offset.ts'

/** The content of the last `lines` log entries, of which at most the last `limit` bytes. */
export async function readLastLogs(path: string, lines: number, limit: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const start = await tailOffset(file, lines)
    const { size } = await file.stat()
    const { buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start)
    const parts: Buffer[] = []
    for (let at = 0; at < buffer.length; ) {
      const end = buffer.indexOf('\n', at)
      const line = parseLogLine(buffer.subarray(at, end < 0 ? buffer.length : end))
      if (line) parts.push(line.content, Buffer.from(line.partial ? '' : '\n'))
      at = end < 0 ? buffer.length : end + 1
    }
    return Buffer.concat(parts).subarray(-limit).toString()
  } finally {
    await file.close()
  }
}
