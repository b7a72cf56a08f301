import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { encodeJwt, keyIdOf } from './jwt.ts'

/** A public key that tokens may be signed with, and the name that tokens call it by. */
export interface VerificationKey {
  id: string
  key: KeyObject
}

export interface TokenSigner {
  readonly issuer: string
  /** The signing key's public half first, then older ones. */
  readonly keys: readonly VerificationKey[]
  /** Adds `iss` (if the claims have none) and signs. */
  sign(claims: Record<string, unknown>): string
}

/** @param privateKeyPem RSA or EC private key; `publicKeyPems` are further keys that are accepted but not signed with */
export function createTokenSigner(
  issuer: string,
  privateKeyPem: string,
  publicKeyPems: readonly string[] = [],
): TokenSigner {
  const privateKey = createPrivateKey(privateKeyPem)
  const keys = [privateKeyPem, ...publicKeyPems].map((pem): VerificationKey => {
    const key = createPublicKey(pem)
    return { id: keyIdOf(key), key }
  })
  const signingId = keys[0]!.id
  return { issuer, keys, sign: (claims) => encodeJwt({ iss: issuer, ...claims }, privateKey, signingId) }
}
