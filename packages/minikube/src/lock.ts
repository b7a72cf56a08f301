import { createHash } from 'node:crypto'
import { connect, createServer, type Socket } from 'node:net'
import { codeOf, MinikubeError } from './error.ts'
import type { Work } from './progress.ts'

/**
 * Runs `action` while nobody else holds the lock `name`, on this machine. The lock is a socket in the kernel's abstract
 * namespace: it is gone with its holder, whatever kills that, and leaves no file. Who waits is connected to the holder
 * and sees the end of the connection.
 */
export async function withLock<T>(
  name: string,
  what: string,
  work: Work,
  action: () => Promise<T>,
): Promise<T> {
  const address = `\0minikube-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
  let told = false
  for (;;) {
    work.signal.throwIfAborted()
    const release = await hold(address)
    if (release) {
      try {
        return await action()
      } finally {
        release()
      }
    }
    if (!told) work.progress.info(`Another minikube is ${what}; waiting for it to finish ...`)
    told = true
    await released(address, work.signal)
  }
}

/** How to let go of the lock; undefined when somebody else has it. */
async function hold(address: string): Promise<(() => void) | undefined> {
  const waiting = new Set<Socket>()
  const server = createServer((socket) => {
    waiting.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => waiting.delete(socket))
  })
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ path: address }, resolve)
    })
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return undefined
    throw new MinikubeError('MK_LOCKED', `no lock can be made: ${String(error)}`, { cause: error })
  }
  server.unref()
  return () => {
    server.close()
    for (const socket of waiting) socket.destroy()
  }
}

function released(address: string, signal: AbortSignal): Promise<void> {
  // Whoever was told of the waiting may have ended it at once; an abort in the past fires no event.
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const socket = connect({ path: address })
    const onAbort = (): void => {
      socket.destroy()
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('error', () => {})
    socket.resume()
    socket.once('close', () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
  })
}
