import type { FileHandle } from 'node:fs/promises'

const blockSize = 64 * 1024

/** Where the last `lines` lines of a file begin. A last line without a newline counts. */
export async function tailOffset(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat()
  if (lines <= 0) return size
  const block = Buffer.allocUnsafe(blockSize)
  // The newline at the very end ends the last line; it does not start another.
  let left = lines
  let end = size
  while (end > 0) {
    const start = Math.max(0, end - blockSize)
    const { bytesRead } = await file.read(block, 0, end - start, start)
    for (let at = bytesRead - 1; at >= 0; at--) {
      if (block[at] !== 0x0a || start + at === size - 1) continue
      left--
      if (left === 0) return start + at + 1
    }
    end = start
  }
  return 0
}
