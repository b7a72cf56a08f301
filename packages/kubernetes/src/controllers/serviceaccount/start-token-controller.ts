import { isReason } from '../../api/api-error.ts'
import type { Secret, ServiceAccount } from '../../api/types/core-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { secrets, serviceAccounts } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'

const type = 'kubernetes.io/service-account-token'
const nameAnnotation = 'kubernetes.io/service-account.name'
const uidAnnotation = 'kubernetes.io/service-account.uid'

export interface TokenControllerOptions {
  /** PEM that goes into the secrets. */
  rootCa: string
  /** The token of a secret of that name. */
  sign(account: ServiceAccount, secretName: string): string
}

/**
 * Fills secrets of type `kubernetes.io/service-account-token` that name a ServiceAccount, and deletes them when the
 * account is gone. Keys are those of Secrets.
 */
export function startTokenController(
  context: ControllerContext,
  { rootCa, sign }: TokenControllerOptions,
): Controller {
  const { client } = context
  const cache = context.informers.informer<Secret>(secrets, { fieldSelector: `type=${type}` })
  const accounts = context.informers.informer<ServiceAccount>(serviceAccounts)
  const loop = createLoop(context, { name: 'tokens-controller', caches: [cache, accounts], reconcile })
  loop.follow(cache)
  loop.listen(accounts, ({ current, old }) => {
    if (current && old) return
    const { name, namespace } = (current ?? old)?.metadata ?? {}
    for (const secret of cache.list(namespace)) {
      if (secret.metadata.annotations?.[nameAnnotation] === name) loop.queue.add(keyOf(secret))
    }
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name } = splitKey(key)
    const secret = cache.get(namespace, name)
    if (!secret || secret.metadata.deletionTimestamp) return
    const { annotations } = secret.metadata
    const account = await findAccount(namespace, annotations?.[nameAnnotation] ?? '')
    const uid = annotations?.[uidAnnotation]
    if (!account || (uid !== undefined && uid !== account.metadata.uid)) return remove(secret)
    const wanted = {
      'ca.crt': rootCa,
      namespace,
      token: decode(secret.data?.token) || sign(account, name),
    }
    const data = { ...secret.data }
    for (const [field, value] of Object.entries(wanted)) data[field] = Buffer.from(value).toString('base64')
    const complete =
      uid !== undefined && Object.keys(wanted).every((field) => data[field] === secret.data?.[field])
    if (complete) return
    await client.update<Secret>(secrets, {
      ...secret,
      metadata: {
        ...secret.metadata,
        annotations: { ...annotations, [uidAnnotation]: account.metadata.uid ?? '' },
      },
      data,
    })
  }

  /** Before a secret is deleted, the server itself is asked. */
  async function findAccount(namespace: string, name: string): Promise<ServiceAccount | undefined> {
    const cached = accounts.get(namespace, name)
    if (cached) return cached
    try {
      return await client.get<ServiceAccount>(serviceAccounts, namespace, name)
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    }
  }

  async function remove({ metadata }: Secret): Promise<void> {
    const { namespace, name = '', uid } = metadata
    try {
      await client.delete(secrets, namespace, name, uid ? { preconditions: { uid } } : {})
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  return loop
}

function decode(text: string | undefined): string {
  return text === undefined ? '' : Buffer.from(text, 'base64').toString()
}
