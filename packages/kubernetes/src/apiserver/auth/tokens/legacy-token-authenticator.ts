import type { StoredKubeObject } from '../../../api/kube-object.ts'
import type { Client } from '../../../client/client.ts'
import { secrets, serviceAccounts } from '../../../client/resources.ts'
import type { Logger } from '../../../log.ts'
import { lookUp, type StoreReader } from '../store-reader.ts'
import { decodeJwt, isSignedBy } from './jwt.ts'
import {
  serviceAccountGroups,
  serviceAccountUsername,
  splitServiceAccountUsername,
} from './service-account-name.ts'
import type { TokenAuthenticator, TokenIdentity } from './token-authenticator.ts'
import type { TokenSigner } from './token-signer.ts'

/** Issuer of the tokens in secrets of type `kubernetes.io/service-account-token`. */
export const legacyIssuer = 'kubernetes/serviceaccount'
const lastUsedLabel = 'kubernetes.io/legacy-token-last-used'
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since'

type Secret = StoredKubeObject & { data?: Record<string, string> }

/** Claims of a token that lives in a secret; signed by the token controller with {@link legacyIssuer}. */
export function legacyClaims(
  account: StoredKubeObject,
  secretName: string,
): { [claim: string]: string | undefined } {
  const { namespace = '', name = '', uid } = account.metadata
  return {
    iss: legacyIssuer,
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secretName,
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    sub: serviceAccountUsername(namespace, name),
  }
}

export interface LegacyTokenOptions {
  signer: TokenSigner
  /** Audiences of this API server; the only ones that these tokens are for. */
  audiences: readonly string[]
  store: StoreReader
  client: Client
  log: Logger
  now: () => number
}

/** Tokens without end that live in a secret, as the secret says them now. Notes the day of use on the secret. */
export class LegacyTokenAuthenticator implements TokenAuthenticator {
  readonly #options: LegacyTokenOptions

  constructor(options: LegacyTokenOptions) {
    this.#options = options
  }

  async authenticate(token: string, wanted: readonly string[]): Promise<TokenIdentity | undefined> {
    const { signer, store } = this.#options
    const jwt = decodeJwt(token)
    if (jwt?.claims.iss !== legacyIssuer) return undefined
    if (!signer.keys.some(({ key }) => isSignedBy(token, jwt.header, key))) {
      throw new Error('invalid signature, no keys found')
    }
    const audiences = this.#options.audiences.filter((audience) => wanted.includes(audience))
    if (audiences.length === 0) throw new Error('token audiences are invalid for the target audiences')
    const claim = (name: string): string => {
      const value = jwt.claims[`kubernetes.io/serviceaccount/${name}`]
      if (typeof value !== 'string' || value === '') throw new Error(`${name} claim is missing`)
      return value
    }
    const namespace = claim('namespace')
    const secretName = claim('secret.name')
    const accountName = claim('service-account.name')
    const uid = claim('service-account.uid')
    const subject = splitServiceAccountUsername(String(jwt.claims.sub ?? ''))
    if (subject?.namespace !== namespace || subject.name !== accountName) {
      throw new Error('sub claim is invalid')
    }
    const secret = lookUp<Secret>(store, secrets, namespace, secretName)
    if (!secret || secret.metadata.deletionTimestamp) throw new Error('Token has been invalidated')
    if (Buffer.from(secret.data?.token ?? '', 'base64').toString() !== token) {
      throw new Error("Token does not match server's copy")
    }
    const account = lookUp(store, serviceAccounts, namespace, accountName)
    if (!account) throw new Error(`serviceaccounts "${accountName}" not found`)
    if (account.metadata.deletionTimestamp) {
      throw new Error(`ServiceAccount ${namespace}/${accountName} has been deleted`)
    }
    if (account.metadata.uid !== uid) {
      throw new Error(`ServiceAccount UID (${account.metadata.uid}) does not match claim (${uid})`)
    }
    this.#noteUse(secret)
    if (secret.metadata.labels?.[invalidSinceLabel]) {
      throw new Error(
        `the token in secret ${namespace}/${secretName} for service account ${namespace}/${accountName} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${invalidSinceLabel}' label from the secret to temporarily allow use of this token`,
      )
    }
    const username = serviceAccountUsername(namespace, accountName)
    return { user: { username, uid, groups: serviceAccountGroups(namespace) }, audiences }
  }

  #noteUse({ metadata }: Secret): void {
    const { client, log, now } = this.#options
    const dayAfter = (days: number) => new Date(now() + days * 86_400_000).toISOString().slice(0, 10)
    const today = dayAfter(0)
    const lastUsed = metadata.labels?.[lastUsedLabel]
    if (lastUsed === today || lastUsed === dayAfter(1)) return
    const patch = { metadata: { uid: metadata.uid, labels: { [lastUsedLabel]: today } } }
    client.patch(secrets, metadata.namespace, metadata.name!, 'merge', patch).catch((error: unknown) => {
      log.warn('cannot note the last use of a legacy token', { secret: metadata.name, error })
    })
  }
}
