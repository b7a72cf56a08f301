import type { Authenticator, Credentials } from '../authenticator.ts'
import type { TokenAuthenticator, TokenIdentity } from '../tokens/token-authenticator.ts'
import type { UserInfo } from '../user-info.ts'

const protocolPrefix = 'base64url.bearer.authorization.k8s.io.'

/** Bearer tokens in the `Authorization` header or, for browsers' WebSockets, in a subprotocol. */
export class BearerAuthenticator implements Authenticator {
  readonly #authenticators: readonly TokenAuthenticator[]
  readonly #audiences: readonly string[]

  /** `audiences`: those of this API server. */
  constructor(authenticators: readonly TokenAuthenticator[], audiences: readonly string[]) {
    this.#authenticators = authenticators
    this.#audiences = audiences
  }

  async authenticate({ headers }: Credentials): Promise<UserInfo | undefined> {
    const token = headerToken(headers.authorization) ?? protocolToken(headers)
    if (!token) return undefined
    const identity = await this.authenticateToken(token, this.#audiences)
    return identity.user
  }

  /** @throws Error whose message lists what each authenticator had against the token */
  async authenticateToken(token: string, audiences: readonly string[]): Promise<TokenIdentity> {
    const reasons = ['invalid bearer token']
    for (const authenticator of this.#authenticators) {
      try {
        const identity = await authenticator.authenticate(token, audiences)
        if (identity) return identity
      } catch (error) {
        reasons.push(error instanceof Error ? error.message : String(error))
      }
    }
    const distinct = [...new Set(reasons)]
    throw new Error(distinct.length === 1 ? distinct[0] : `[${distinct.join(', ')}]`)
  }
}

function headerToken(header: string | undefined): string | undefined {
  const match = /^\s*bearer +(\S+)\s*$/i.exec(header ?? '')
  return match?.[1]
}

function protocolToken(headers: Credentials['headers']): string | undefined {
  if (headers.upgrade?.toLowerCase() !== 'websocket') return undefined
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim())
  const tokens = protocols.filter((protocol) => protocol.startsWith(protocolPrefix))
  if (tokens.length === 0) return undefined
  if (tokens.length > 1) throw new Error('multiple base64.bearer.authorization tokens specified')
  const rest = protocols.filter((protocol) => protocol && !protocol.startsWith(protocolPrefix))
  // The answer names one of the offered subprotocols, and the token must not be echoed.
  if (rest.length === 0) throw new Error('missing additional subprotocol')
  headers['sec-websocket-protocol'] = rest.join(', ')
  return Buffer.from(tokens[0]!.slice(protocolPrefix.length), 'base64url').toString('utf8')
}
