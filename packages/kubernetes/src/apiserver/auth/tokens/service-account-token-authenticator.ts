import type { StoredKubeObject } from '../../../api/kube-object.ts'
import { parseTime } from '../../../api/time.ts'
import { LruMap } from '../../../client/lru-map.ts'
import { nodes, pods, secrets, serviceAccounts } from '../../../client/resources.ts'
import { lookUp, type StoreReader } from '../store-reader.ts'
import { credentialIdKey } from '../user-info.ts'
import { decodeJwt, isSignedBy, type Jwt } from './jwt.ts'
import { serviceAccountGroups, serviceAccountUsername } from './service-account-name.ts'
import type { TokenAuthenticator, TokenIdentity } from './token-authenticator.ts'
import type { TokenSigner } from './token-signer.ts'

/** Clocks may differ by this much, and deleted objects keep their tokens alive for this long. */
const leewayMs = 60_000
const rememberedSignatures = 256

interface Reference {
  name?: string
  uid?: string
}

interface KubernetesClaims {
  namespace?: string
  serviceaccount?: Reference
  pod?: Reference
  secret?: Reference
  node?: Reference
}

/** Time-bound tokens of the TokenRequest API; valid as long as the service account and what they are bound to exist. */
export class ServiceAccountTokenAuthenticator implements TokenAuthenticator {
  readonly #signer: TokenSigner
  readonly #audiences: readonly string[]
  readonly #store: StoreReader
  readonly #now: () => number
  /** Tokens whose signature was good. */
  readonly #verified = new LruMap<string, Jwt>(rememberedSignatures)

  /** `audiences`: those of this API server, implied by tokens without any. */
  constructor(signer: TokenSigner, audiences: readonly string[], store: StoreReader, now: () => number) {
    this.#signer = signer
    this.#audiences = audiences
    this.#store = store
    this.#now = now
  }

  async authenticate(token: string, wanted: readonly string[]): Promise<TokenIdentity | undefined> {
    const jwt = this.#verified.get(token) ?? decodeJwt(token)
    if (jwt?.claims.iss !== this.#signer.issuer) return undefined
    this.#checkSignature(token, jwt)
    const audiences = this.#matchAudiences(jwt.claims, wanted)
    this.#checkTimes(jwt.claims)
    return { user: this.#userOf(jwt.claims), audiences }
  }

  #checkSignature(token: string, jwt: Jwt): void {
    if (this.#verified.get(token)) return
    const { kid } = jwt.header
    const keys = kid ? this.#signer.keys.filter(({ id }) => id === kid) : this.#signer.keys
    if (keys.length === 0) throw new Error('invalid signature, no keys found')
    if (!keys.some(({ key }) => isSignedBy(token, jwt.header, key))) {
      throw new Error('go-jose/go-jose: error in cryptographic primitive')
    }
    this.#verified.set(token, jwt)
  }

  #matchAudiences(claims: Jwt['claims'], wanted: readonly string[]): string[] {
    const claimed = [claims.aud ?? []].flat() as string[]
    const audiences = claimed.length > 0 ? claimed : this.#audiences
    const matching = audiences.filter((audience) => wanted.includes(audience))
    if (matching.length === 0) {
      throw new Error(
        `token audiences ${quoted(audiences)} is invalid for the target audiences ${quoted(wanted)}`,
      )
    }
    return matching
  }

  #checkTimes({ exp, nbf, iat }: Jwt['claims']): void {
    const now = this.#now()
    if (typeof nbf === 'number' && now + leewayMs < nbf * 1000) {
      throw new Error('service account token is not valid yet')
    }
    if (typeof exp === 'number' && now - leewayMs > exp * 1000) {
      throw new Error('service account token has expired')
    }
    if (typeof iat === 'number' && now + leewayMs < iat * 1000) {
      throw new Error('service account token is issued in the future')
    }
  }

  #userOf(claims: Jwt['claims']): TokenIdentity['user'] {
    const {
      namespace = '',
      serviceaccount,
      pod,
      secret,
      node,
    } = (claims['kubernetes.io'] ?? {}) as KubernetesClaims
    const name = serviceaccount?.name ?? ''
    const account = lookUp(this.#store, serviceAccounts, namespace, name)
    if (!account) throw new Error(`serviceaccounts "${name}" not found`)
    if (account.metadata.uid !== serviceaccount?.uid) {
      throw new Error(
        `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount?.uid ?? ''})`,
      )
    }
    if (this.#isGone(account)) throw new Error(`service account ${namespace}/${name} has been deleted`)
    if (secret) this.#checkBound('secret', secret, lookUp(this.#store, secrets, namespace, secret.name ?? ''))
    if (pod) this.#checkBound('pod', pod, lookUp(this.#store, pods, namespace, pod.name ?? ''))
    else if (node) this.#checkBound('node', node, lookUp(this.#store, nodes, '', node.name ?? ''))
    const extra: Record<string, string[]> = {}
    if (pod?.name && pod.uid) {
      extra['authentication.kubernetes.io/pod-name'] = [pod.name]
      extra['authentication.kubernetes.io/pod-uid'] = [pod.uid]
    }
    if (typeof claims.jti === 'string') extra[credentialIdKey] = [`JTI=${claims.jti}`]
    if (node?.name) {
      extra['authentication.kubernetes.io/node-name'] = [node.name]
      if (node.uid) extra['authentication.kubernetes.io/node-uid'] = [node.uid]
    }
    return {
      username: serviceAccountUsername(namespace, name),
      ...(account.metadata.uid && { uid: account.metadata.uid }),
      groups: serviceAccountGroups(namespace),
      ...(Object.keys(extra).length > 0 && { extra }),
    }
  }

  /** The token dies with the object that it is bound to. */
  #checkBound(
    kind: 'pod' | 'secret' | 'node',
    reference: Reference,
    object: StoredKubeObject | undefined,
  ): void {
    if (!object || this.#isGone(object)) throw new Error('service account token has been invalidated')
    if (object.metadata.uid !== reference.uid) {
      throw new Error(
        `${kind} UID (${object.metadata.uid}) does not match service account ${kind} ref claim (${reference.uid ?? ''})`,
      )
    }
  }

  #isGone(object: StoredKubeObject): boolean {
    const deleted = parseTime(object.metadata.deletionTimestamp)
    return deleted !== undefined && deleted < this.#now() - leewayMs
  }
}

/** A list of strings as Go's %q prints it. */
function quoted(list: readonly string[]): string {
  return `[${list.map((item) => JSON.stringify(item)).join(' ')}]`
}
