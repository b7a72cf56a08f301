import { type FileHandle, open } from 'node:fs/promises'
import { tailOffset } from './tail-offset.ts'

const blockSize = 64 * 1024
const newline = 0x0a
const nothing = Buffer.alloc(0)

/** A log file that is read from somewhere to its end, which may move. */
export class LogFile {
  private readonly handle: FileHandle
  private readonly block = Buffer.allocUnsafeSlow(blockSize)
  private position: number
  /** Of a line whose newline has not been written yet. */
  private begun: Buffer = nothing

  private constructor(handle: FileHandle, position: number) {
    this.handle = handle
    this.position = position
  }

  /** `lines`: only the last so many. */
  static async open(path: string, lines?: number): Promise<LogFile> {
    const handle = await open(path, 'r')
    try {
      return new LogFile(handle, lines === undefined ? 0 : await tailOffset(handle, lines))
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** The next whole lines, with their newlines; empty at the present end of the file. Good until the next call. */
  async next(): Promise<Buffer> {
    for (;;) {
      const { bytesRead } = await this.handle.read(this.block, 0, blockSize, this.position)
      if (bytesRead === 0) return nothing
      this.position += bytesRead
      const read = this.block.subarray(0, bytesRead)
      const end = read.lastIndexOf(newline) + 1
      const before = this.begun
      this.begun = end === 0 ? Buffer.concat([before, read]) : Buffer.from(read.subarray(end))
      if (end > 0)
        return before.length > 0 ? Buffer.concat([before, read.subarray(0, end)]) : read.subarray(0, end)
    }
  }

  /** The begin of a line at the end of the file. */
  get unfinished(): Buffer {
    return this.begun
  }

  /** Is `path` another file by now? */
  async isReplacedBy(other: { ino: number; dev: number }): Promise<boolean> {
    const { ino, dev } = await this.handle.stat()
    return ino !== other.ino || dev !== other.dev
  }

  close(): Promise<void> {
    return this.handle.close()
  }
}
