import { createHash, type KeyObject, sign, verify } from 'node:crypto'

export type JwtAlgorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512'

export interface Jwt {
  header: { alg?: string; kid?: string; typ?: string }
  /** Registered and private claims together. */
  claims: Record<string, unknown>
}

/** @throws Error for keys that Kubernetes does not sign tokens with */
export function algorithmOf(key: KeyObject): JwtAlgorithm {
  if (key.asymmetricKeyType === 'rsa') return 'RS256'
  const algorithm = {
    prime256v1: 'ES256',
    secp384r1: 'ES384',
    secp521r1: 'ES512',
  }[key.asymmetricKeyDetails?.namedCurve ?? '']
  if (!algorithm) throw new Error('service account key must be RSA, or ECDSA on P-256, P-384 or P-521')
  return algorithm as JwtAlgorithm
}

/** What Kubernetes names a public key by in `kid`: a hash that does not tell the key. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
}

export function encodeJwt(claims: Record<string, unknown>, privateKey: KeyObject, keyId: string): string {
  const header = encodePart({ alg: algorithmOf(privateKey), kid: keyId })
  const signed = `${header}.${encodePart(claims)}`
  const signature = sign(digestOf(algorithmOf(privateKey)), Buffer.from(signed), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  return `${signed}.${signature.toString('base64url')}`
}

/** Undefined when `token` is no JWT in compact form. The signature is not looked at. */
export function decodeJwt(token: string): Jwt | undefined {
  const parts = token.split('.')
  if (parts.length !== 3) return undefined
  try {
    const header: unknown = JSON.parse(Buffer.from(parts[0]!, 'base64url').toString('utf8'))
    const claims: unknown = JSON.parse(Buffer.from(parts[1]!, 'base64url').toString('utf8'))
    return isRecord(header) && isRecord(claims) ? { header, claims } : undefined
  } catch {
    return undefined
  }
}

/** Does `token` carry a signature by this key? The key's own algorithm counts, never the token's word. */
export function isSignedBy(token: string, header: Jwt['header'], publicKey: KeyObject): boolean {
  const algorithm = algorithmOf(publicKey)
  if (header.alg !== algorithm) return false
  const dot = token.lastIndexOf('.')
  return verify(
    digestOf(algorithm),
    Buffer.from(token.slice(0, dot)),
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(token.slice(dot + 1), 'base64url'),
  )
}

function digestOf(algorithm: JwtAlgorithm): string {
  return `sha${algorithm.slice(2)}`
}

function encodePart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
