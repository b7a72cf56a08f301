import type { ObjectMeta } from '../api/kube-object.ts'
import type { Logger } from '../log.ts'
import type { Client } from './client.ts'
import { createInformer } from './create-informer.ts'
import type { Informer } from './informer.ts'
import type { InformerFactory } from './informer-factory.ts'

export interface InformerFactoryOptions {
  log: Logger
  /** Ends all watches, as `stop` does. */
  signal?: AbortSignal
}

export function createInformerFactory(client: Client, options: InformerFactoryOptions): InformerFactory {
  const stopping = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal
  // What an informer holds is decided by whoever asks for it: the map cannot know the types of its values.
  const informers = new Map<string, unknown>()

  return {
    informer<T extends { metadata: ObjectMeta }>(
      resource: Parameters<InformerFactory['informer']>[0],
      scope: Parameters<InformerFactory['informer']>[1] = {},
    ): Informer<T> {
      const { group, version, resource: plural } = resource
      const { namespace = '', labelSelector = '', fieldSelector = '' } = scope
      const key = JSON.stringify([group, version, plural, namespace, labelSelector, fieldSelector])
      const known = informers.get(key)
      if (known) return known as Informer<T>
      const informer = createInformer<T>({ client, resource, scope, signal, log: options.log })
      informers.set(key, informer)
      return informer
    },
    stop: () => stopping.abort(),
  }
}
