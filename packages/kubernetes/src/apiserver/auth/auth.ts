import type { Client } from '../../client/client.ts'
import type { Logger } from '../../log.ts'
import type { Credentials } from './authenticator.ts'
import type { RuleResolver } from './authorization/rule-resolver.ts'
import type { AuthorizationAttributes, Authorizer } from './authorizer.ts'
import type { CreateHandler } from './create-handler.ts'
import type { StoreReader } from './store-reader.ts'
import type { TokenSigner } from './tokens/token-signer.ts'
import type { UserInfo } from './user-info.ts'

export interface AuthOptions {
  store: StoreReader
  /** For the bootstrap policy and the last-used labels of legacy tokens. */
  client: Client
  /** PEM; several CAs may stand one after the other. */
  clientCa: string
  frontProxyCa?: string
  serviceAccount: {
    /** Private key, PEM: RSA or P-256/384/521. */
    privateKey: string
    /** Further public keys that tokens may be signed with (rotation), PEM. */
    publicKeys?: string[]
    issuer: string
    /** Audiences of this API server; the issuer when absent. */
    audiences?: string[]
  }
  /** Where clients reach this server, `host:port`: base of `jwks_uri`. */
  externalAddress: string
  /** Contents of a static token file: `token,user,uid,"group1,group2"` lines. */
  tokenFile?: string
  log: Logger
  /** Milliseconds since the epoch. */
  now?: () => number
}

/**
 * Everything about who asks and what they may. One per API server.
 *
 * Order of a request: `identify` (client certificate, front proxy, bearer token, else anonymous; then impersonation),
 * `authorize`, then the request itself. `startPolicy` writes the default roles.
 */
export interface Auth {
  /**
   * @param request what is about to be done: impersonation may be allowed for some requests only
   * @throws ApiError Unauthorized for wrong credentials, Forbidden or BadRequest for impersonation
   */
  identify(credentials: Credentials, request: Omit<AuthorizationAttributes, 'user'>): Promise<UserInfo>
  /** @throws ApiError Forbidden with upstream's message */
  authorize(attributes: AuthorizationAttributes): Promise<void>
  readonly authorizer: Authorizer
  readonly rules: RuleResolver
  /** Signs service account tokens; legacy ones for the token controller with `legacyClaims`. */
  readonly signer: TokenSigner
  /**
   * Handlers of resources that exist only as a `create`, by `<group>/<resource>` with `core` for the core group:
   * `authentication.k8s.io/tokenreviews`, `authorization.k8s.io/subjectaccessreviews` …, `core/serviceaccounts/token`.
   */
  readonly handlers: ReadonlyMap<string, CreateHandler>
  /** Body of `/.well-known/openid-configuration`; undefined (404) when the issuer is no https URL. */
  readonly openidConfiguration: object | undefined
  /** Body of `/openid/v1/jwks`, content type `application/jwk-set+json`. */
  readonly jwks: object
  /** Brings the default (cluster) roles and bindings up to date; needs a working `client`. */
  startPolicy(): Promise<void>
  close(): void
}
