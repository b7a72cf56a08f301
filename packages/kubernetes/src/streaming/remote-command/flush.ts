import type { Writable } from 'node:stream'

/** Ends a stream; resolves when its last byte has left, or it is broken anyway. */
export function flush(stream: Writable | undefined): Promise<void> {
  if (!stream || stream.destroyed || stream.writableFinished) return Promise.resolve()
  return new Promise((resolve) => {
    stream.once('finish', resolve)
    stream.once('close', resolve)
    stream.end()
  })
}
