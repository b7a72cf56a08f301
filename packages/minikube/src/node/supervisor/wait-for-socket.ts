import { type FSWatcher, mkdirSync, watch } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { basename, dirname } from 'node:path'
import { codeOf } from '../../error.ts'

/** A socket file appears with bind() but accepts after listen(), an instant later and without a further event. */
const listenWithin = 1000

/**
 * Resolves, with a connection, as soon as somebody accepts at the unix socket `path`. The directory is watched for the
 * socket to appear; nothing is tried in between.
 */
export function waitForSocket(path: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    mkdirSync(dirname(path), { recursive: true })
    let trying = false
    let eventAt = Number.NEGATIVE_INFINITY
    let retry: NodeJS.Timeout | undefined
    const settle = (action: () => void): void => {
      watcher.close()
      clearTimeout(retry)
      signal.removeEventListener('abort', onAbort)
      action()
    }
    const onAbort = (): void => settle(() => reject(signal.reason))
    const attempt = (): void => {
      if (trying || signal.aborted) return
      trying = true
      const socket = connect({ path })
      socket.once('connect', () => {
        socket.removeAllListeners('error')
        if (signal.aborted) socket.destroy()
        else settle(() => resolve(socket))
      })
      socket.once('error', (error) => {
        trying = false
        const bound = codeOf(error) === 'ECONNREFUSED' && performance.now() - eventAt < listenWithin
        if (bound && !signal.aborted) retry = setTimeout(attempt, 1)
      })
    }
    const watcher: FSWatcher = watch(dirname(path), (_event, name) => {
      if (name !== basename(path)) return
      eventAt = performance.now()
      attempt()
    })
    watcher.on('error', (error) => settle(() => reject(error)))
    signal.addEventListener('abort', onAbort, { once: true })
    attempt()
  })
}
