import { createHash, type X509Certificate } from 'node:crypto'
import type { Authenticator, Credentials } from '../authenticator.ts'
import { credentialIdKey, type UserInfo } from '../user-info.ts'
import type { CertificateVerifier } from './certificate-verifier.ts'

/** Client certificates: the common name is the user, the organizations are the groups. */
export class CertificateAuthenticator implements Authenticator {
  readonly #verifier: CertificateVerifier
  /** Reading a certificate takes longer than most requests; a connection shows the same one every time. */
  readonly #users = new WeakMap<X509Certificate, UserInfo>()

  constructor(verifier: CertificateVerifier) {
    this.#verifier = verifier
  }

  async authenticate({ peerCertificate }: Credentials): Promise<UserInfo | undefined> {
    if (!peerCertificate) return undefined
    this.#verifier.verify(peerCertificate)
    const known = this.#users.get(peerCertificate)
    if (known) return known
    const { commonName, organizations } = subjectOf(peerCertificate)
    if (!commonName) return undefined
    const digest = createHash('sha256').update(peerCertificate.raw).digest('hex')
    const user: UserInfo = {
      username: commonName,
      groups: organizations,
      extra: { [credentialIdKey]: [`X509SHA256=${digest}`] },
    }
    this.#users.set(peerCertificate, user)
    return user
  }
}

/** Names of a certificate's subject. */
export function subjectOf(certificate: X509Certificate): { commonName: string; organizations: string[] } {
  const subject = certificate.toLegacyObject().subject as unknown as
    | Record<string, string | string[]>
    | undefined
  const commonNames = [subject?.CN ?? []].flat()
  // Go keeps the last common name.
  return { commonName: commonNames.at(-1) ?? '', organizations: [subject?.O ?? []].flat() }
}
