import { timingSafeEqual } from 'node:crypto'
import type { StoredKubeObject } from '../../../api/kube-object.ts'
import { secrets } from '../../../client/resources.ts'
import { lookUp, type StoreReader } from '../store-reader.ts'
import type { TokenAuthenticator, TokenIdentity } from './token-authenticator.ts'

type Secret = StoredKubeObject & { type?: string; data?: Record<string, string> }

/** Tokens `id.secret` that new nodes join with, kept in kube-system as secrets `bootstrap-token-<id>`. */
export class BootstrapTokenAuthenticator implements TokenAuthenticator {
  readonly #store: StoreReader
  readonly #now: () => number

  constructor(store: StoreReader, now: () => number) {
    this.#store = store
    this.#now = now
  }

  async authenticate(token: string): Promise<TokenIdentity | undefined> {
    const [, id, password] = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token) ?? []
    if (!id || !password) return undefined
    const secret = lookUp<Secret>(this.#store, secrets, 'kube-system', `bootstrap-token-${id}`)
    if (!secret || secret.metadata.deletionTimestamp || secret.type !== 'bootstrap.kubernetes.io/token') {
      return undefined
    }
    const data = (key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8')
    const good =
      equal(data('token-secret'), password) &&
      data('token-id') === id &&
      data('usage-bootstrap-authentication') === 'true' &&
      !this.#hasExpired(data('expiration'))
    const groups = groupsOf(data('auth-extra-groups'))
    return good && groups ? { user: { username: `system:bootstrap:${id}`, groups } } : undefined
  }

  #hasExpired(expiration: string): boolean {
    if (!expiration) return false
    const at = Date.parse(expiration)
    // An unreadable date counts as past, for safety.
    return Number.isNaN(at) || at < this.#now()
  }
}

/** Undefined when a name is not one of bootstrappers'. */
function groupsOf(extra: string): string[] | undefined {
  const names = extra ? extra.split(',') : []
  const valid = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/
  if (!names.every((name) => valid.test(name))) return undefined
  return [...new Set([...names, 'system:bootstrappers'])].sort()
}

function equal(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right))
}
