import { closeSync, openSync, readSync, watch } from 'node:fs'

/** Resolves when the file holds `text` at or after `offset`. Rejects with the signal's reason. */
export function waitForLog(path: string, offset: number, text: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    let position = offset
    let seen = ''
    const settle = (action: () => void): void => {
      watcher.close()
      signal.removeEventListener('abort', onAbort)
      action()
    }
    const onAbort = (): void => settle(() => reject(signal.reason))
    const look = (): void => {
      const added = readFrom(path, position)
      position += added.length
      // A line may come in pieces.
      seen = seen.slice(-text.length) + added.toString('latin1')
      if (seen.includes(text)) settle(resolve)
    }
    const watcher = watch(path, look)
    watcher.on('error', (error) => settle(() => reject(error)))
    signal.addEventListener('abort', onAbort, { once: true })
    look()
  })
}

function readFrom(path: string, position: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const parts: Buffer[] = []
    for (let at = position; ; ) {
      const buffer = Buffer.alloc(16_384)
      const count = readSync(file, buffer, 0, buffer.length, at)
      if (count === 0) return Buffer.concat(parts)
      parts.push(buffer.subarray(0, count))
      at += count
    }
  } finally {
    closeSync(file)
  }
}
