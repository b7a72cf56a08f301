import { isReason } from '../../api/api-error.ts'
import { parseTime } from '../../api/time.ts'
import type { Secret } from '../../api/types/core-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { secrets } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'

/** Deletes bootstrap tokens when they have expired; keys are those of Secrets. */
export function startTokenCleaner(context: ControllerContext): Controller {
  const { client } = context
  const cache = context.informers.informer<Secret>(secrets, {
    namespace: 'kube-system',
    fieldSelector: 'type=bootstrap.kubernetes.io/token',
  })
  const loop = createLoop(context, {
    name: 'token-cleaner-controller',
    caches: [cache],
    async reconcile(key) {
      const { namespace, name } = splitKey(key)
      const secret = cache.get(namespace, name)
      const text = secret?.data?.expiration
      const ends = text === undefined ? undefined : parseTime(Buffer.from(text, 'base64').toString())
      if (!secret || ends === undefined) return
      const left = ends - context.now()
      if (left > 0) {
        loop.queue.addAfter(key, left)
        return
      }
      try {
        const { uid } = secret.metadata
        await client.delete(secrets, namespace, name, uid ? { preconditions: { uid } } : {})
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
      }
    },
  })
  loop.listen(cache, ({ current }) => {
    if (current) loop.queue.add(keyOf(current))
  })
  return loop
}
