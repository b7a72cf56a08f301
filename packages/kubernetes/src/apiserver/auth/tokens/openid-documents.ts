import { algorithmOf } from './jwt.ts'
import type { TokenSigner } from './token-signer.ts'

/** Body of `/openid/v1/jwks`. */
export function jwksDocument(signer: TokenSigner): object {
  return {
    keys: signer.keys.map(({ id, key }) => ({
      use: 'sig',
      ...key.export({ format: 'jwk' }),
      kid: id,
      alg: algorithmOf(key),
    })),
  }
}

/** Body of `/.well-known/openid-configuration`; undefined when the issuer is no https URL, as OpenID demands. */
export function openidConfiguration(signer: TokenSigner, externalAddress: string): object | undefined {
  const issuer = URL.parse(signer.issuer)
  if (issuer?.protocol !== 'https:' || issuer.search || issuer.hash) return undefined
  return {
    issuer: signer.issuer,
    jwks_uri: `https://${externalAddress}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [
      ...new Set(signer.keys.map(({ key }) => algorithmOf(key))),
    ].sort(),
  }
}
