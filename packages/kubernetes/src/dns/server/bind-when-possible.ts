import type { Node } from '../../api/types/core-v1.ts'
import type { InformerFactory } from '../../client/informer-factory.ts'
import { nodes } from '../../client/resources.ts'
import type { Logger } from '../../log.ts'
import type { Listener } from './listener.ts'

export interface BindWhenPossibleOptions {
  bind: () => Promise<Listener>
  informers: InformerFactory
  log: Logger
  signal: AbortSignal
}

/**
 * Binds now, or, when the address is not there yet, whenever a Node changes until it works: a node makes its bridge before
 * it says that it is there. Rejects when `signal` aborts.
 */
export async function bindWhenPossible(options: BindWhenPossibleOptions): Promise<Listener> {
  const { bind, informers, log, signal } = options
  const first = await attempt(bind)
  if (!(first instanceof Error)) return first
  log.info('waiting for the address to listen on', { error: first })

  const { promise, resolve, reject } = Promise.withResolvers<Listener>()
  let trying = false
  let again = false
  const tryAgain = async (): Promise<void> => {
    again = trying
    if (trying) return
    trying = true
    const result = await attempt(bind)
    trying = false
    if (!(result instanceof Error)) {
      if (signal.aborted) await result.close()
      resolve(result)
    } else if (again) await tryAgain()
  }
  const stop = informers.informer<Node>(nodes).listen(() => void tryAgain())
  const abort = () => reject(new Error('stopped'))
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  return promise.finally(() => {
    stop()
    signal.removeEventListener('abort', abort)
  })
}

async function attempt(bind: () => Promise<Listener>): Promise<Listener | Error> {
  try {
    return await bind()
  } catch (error) {
    return error as Error
  }
}
